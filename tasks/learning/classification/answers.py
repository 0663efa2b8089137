"""A submission with a line for each test record: its id and its label, as CSV with a header."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidData, InvalidSubmission
from tasks.learning.classification import csv_files
from tasks.learning.classification.records import classes

COLUMNS = ("id", "label")
LONGEST_SHOWN = 80
"""Characters of a line in a message."""


def decode(pieces: Iterable[np.ndarray], dataset: Dataset) -> Iterator[str]:
    """The label with the highest score of each record, of (n, k) values in pieces."""
    names = classes(dataset)
    return (names[index] for values in pieces for index in values.argmax(axis=1).tolist())


def write(ids: list[str], answers: Iterable[str], file: Path, *, columns: tuple[str, str] = COLUMNS) -> None:
    """Write the file, line by line."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(ids, answers, strict=False))


def check(file: Path, ids: list[str], dataset: Dataset, *, columns: tuple[str, str] = COLUMNS) -> int:
    """Check that the file has each record once, with a label of the training records; returns their number.

    Raises:
        InvalidSubmission: with the first line that is wrong.
    """
    try:
        return _checked(file, ids, set(classes(dataset)), columns)
    except InvalidData as error:
        raise InvalidSubmission(str(error)) from None


def _checked(file: Path, ids: list[str], allowed: set[str], columns: tuple[str, str]) -> int:
    rows, waiting = csv_files.rows(file), set(ids)
    _, header = next(rows, (1, []))
    if header != list(columns):
        received = ",".join(header)[:LONGEST_SHOWN] or "none"
        raise InvalidSubmission(f"{file}:1: expected the header {','.join(columns)}, received {received!r}")
    for line, row in rows:
        if len(row) != 2 or row[0] not in waiting or row[1] not in allowed:
            expected = "the id of a test record, once, and a label of the training records"
            received = ",".join(row)[:LONGEST_SHOWN]
            raise InvalidSubmission(f"{file}:{line}: expected {expected}, received {received!r}")
        waiting.discard(row[0])
    if waiting:
        count = len(ids) - len(waiting)
        raise InvalidSubmission(
            f"{file}: expected {len(ids):,} records, received {count:,}: {min(waiting)} is missing"
        )
    return len(ids)
