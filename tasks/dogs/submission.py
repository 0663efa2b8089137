"""The competition's submission: `<label>\\t<image id>` by line, no header, one line a test photograph."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.cache.store import atomic_file
from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidSubmission
from tasks.dogs.dataset import classes

FILE = "submission.txt"


def decode(pieces: Iterable[np.ndarray], dataset: Dataset, decision: dict[str, Any]) -> Iterator[int]:
    """The original label with the highest score of each row of (n, k) scores, piece by piece."""
    labels = classes(dataset)
    return (labels[index] for scores in pieces for index in scores.argmax(axis=1).tolist())


def write(ids: list[str], answers: Iterable[Any], file: Path) -> None:
    """Write label and image id of each test photograph."""
    with atomic_file(file) as lines:
        lines.writelines(f"{answer}\t{id}\n".encode() for id, answer in zip(ids, answers, strict=True))


def check(file: Path, ids: list[str], dataset: Dataset) -> int:
    """Count the lines of a submission that keeps every rule.

    Raises:
        InvalidSubmission: the first rule broken, with its line.
    """
    labels, expected = {str(label) for label in classes(dataset)}, set(ids)
    seen: Counter[str] = Counter()
    for number, line in enumerate(_lines(file), start=1):
        place = f"{file}:{number}"
        fields = line.split("\t")
        if len(fields) != 2:
            raise InvalidSubmission(f"{place}: expected <label><TAB><image id>, received {line!r}")
        label, id = fields
        if label not in labels:
            raise InvalidSubmission(f"{place}: expected a label of the training list, received {label!r}")
        if id not in expected:
            raise InvalidSubmission(f"{place}: expected the id of a test photograph, received {id!r}")
        if seen[id]:
            raise InvalidSubmission(f"{place}: expected each id once, received {id!r} again")
        seen[id] += 1
    if missing := sorted(expected - seen.keys()):
        received = f"none for {len(missing)}, the first being {missing[0]!r}"
        each = f"each of {len(expected)} test photographs"
        raise InvalidSubmission(f"{file}: expected a line for {each}, received {received}")
    return len(seen)


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        raise InvalidSubmission(f"{file}: expected a submission, received no such file") from error
    except IsADirectoryError as error:
        raise InvalidSubmission(f"{file}: expected a submission file, received a folder") from error
    except UnicodeDecodeError as error:
        received = f"byte {error.object[error.start]:#x} at position {error.start}"
        raise InvalidSubmission(f"{file}: expected UTF-8, received {received}") from error
    if not text:
        raise InvalidSubmission(f"{file}: expected a line for each test photograph, received an empty file")
    if not text.endswith("\n"):
        raise InvalidSubmission(f"{file}: expected a line break at the end, received none")
    return text[:-1].split("\n")
