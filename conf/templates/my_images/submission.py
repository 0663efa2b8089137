"""The file that is uploaded: CSV with a header, an id and a label in each line.

To fill in: `COLUMNS`, the header that the competition asks for; or all of the three functions, where it wants
another file, such as a column of probabilities for each class.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.dataset import Dataset
from tasks.learning.classification import answers

COLUMNS = ("id", "label")


def decode(pieces: Iterable[np.ndarray], dataset: Dataset, decision: dict[str, Any]) -> Iterator[str]:
    """The label of each test record, of (n, k) scores in pieces."""
    return answers.decode(pieces, dataset)


def write(ids: list[str], labels: Iterable[str], file: Path) -> None:
    """Write the file, line by line."""
    answers.write(ids, labels, file, columns=COLUMNS)


def check(file: Path, ids: list[str], dataset: Dataset) -> int:
    """Check a file by the rules; returns how many records it has, raises InvalidSubmission."""
    return answers.check(file, ids, dataset, columns=COLUMNS)
