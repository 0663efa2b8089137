"""A submission with a line for each test record: its id and its label, as CSV with a header."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidSubmission
from tasks.learning.classification.records import classes

COLUMNS = ("id", "label")


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
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidSubmission(f"{file}: expected a CSV file in UTF-8, received another ({error})") from None
    if not rows or rows[0] != list(columns):
        received = ",".join(rows[0]) if rows else "an empty file"
        raise InvalidSubmission(f"{file}:1: expected the header {','.join(columns)}, received {received!r}")
    allowed, waiting = set(classes(dataset)), set(ids)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != 2 or row[0] not in waiting or row[1] not in allowed:
            expected = "the id of a test record, once, and a label of the training records"
            raise InvalidSubmission(f"{file}:{number}: expected {expected}, received {','.join(row)!r}")
        waiting.discard(row[0])
    if waiting:
        example = min(waiting)
        raise InvalidSubmission(
            f"{file}: expected {len(ids):,} records, received {len(rows) - 1:,}: {example} is missing"
        )
    return len(ids)
