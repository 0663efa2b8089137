"""What the contract suite needs of the toy: raw files, and scores that are right or drawn."""

from pathlib import Path

import numpy as np

from tasks.core.competition import Part
from tasks.toy import dataset as files
from tests.toy.raw_files import write as write


def perfect(dataset: Path, part: Part = "train") -> np.ndarray:
    """(n, 2) scores that put all on the truth."""
    return np.eye(2)[files.targets(dataset)]


def wrong(dataset: Path, part: Part = "train") -> np.ndarray:
    """(n, 2) scores that put nothing on the truth."""
    return 1 - perfect(dataset, part)


def random_values(dataset: Path, part: Part, random: np.random.Generator) -> np.ndarray:
    """(n, 2) scores of a part, drawn."""
    return random.random((len(files.ids(dataset, part)), 2))
