"""Tables of class scores before ids and values are checked: their columns, in whatever format."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.did_you_mean import suggestion
from tasks.learning.ensemble.member_files.records import ExportedPart, FileProblems

ID, PART, FOLD, TRUTH = OWN = ("id", "part", "fold", "truth")
"""Columns besides those of the classes."""
MOST_COMPARED = 1000
"""Unknown columns among which a misspelt one is looked for."""
NO_NUMBER = -1e300
"""Stands for a cell without a number, which is a problem already."""


class ScoreTable(NamedTuple):
    """A table as it was read; n rows."""

    ids: list[Any]
    scores: np.ndarray
    """(n, k) float64, the classes in the expected order."""
    is_number: np.ndarray
    """(n, k) bool; False where the file has something else, which is a problem already."""
    lines: Sequence[int]
    """Where each row begins: lines of a CSV file, else numbers from 1."""
    parts: list[Any] | None = None
    folds: list[Any] | None = None


def is_number(scores: np.ndarray, problems: FileProblems) -> np.ndarray:
    """(n, k) bool: whether the file has a number there; each place without one is a problem already."""
    return scores != NO_NUMBER if problems.has("number") else np.ones(scores.shape, bool)


Columns = dict[str, list[Any]]
"""`id`, `part`, `fold` and `truth` of all records; None where there is none."""
Reader = Callable[[Path, Sequence[str], FileProblems], ScoreTable | None]
"""(file, classes, problems): the table; None if it has problems that leave none."""
Writer = Callable[[Columns, Sequence[str], np.ndarray], bytes]
"""(columns, classes, (n, k) float32 scores): the bytes of a file."""


def own_columns(classes: Sequence[str], parts: Sequence[ExportedPart]) -> Columns:
    """`id`, `part`, `fold` and `truth` of all records; None where there is none."""
    columns: Columns = {name: [] for name in OWN}
    for each in parts:
        count = len(each.scores.ids)
        nothing = [None] * count
        columns[ID] += each.scores.ids
        columns[PART] += [each.part] * count
        columns[FOLD] += nothing if each.folds is None else [int(fold) for fold in each.folds]
        columns[TRUTH] += nothing if each.truth is None else [classes[index] for index in each.truth.tolist()]
    return columns


def check_columns(header: Sequence[str], classes: Sequence[str], problems: FileProblems) -> bool:
    """Whether a table has the columns it needs, each once, and no unknown ones; else there are problems."""
    before = bool(problems)
    if ID not in header and len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        problems.add("separator", 1, "commas between columns", f"{header[0][:60]!r}")
        return False
    if ID not in header and not set(header) & {*OWN, *classes}:
        expected = f"a header with {ID!r} and a column for each of {len(classes):,} classes"
        problems.add(
            "header", 1, expected, ", ".join(map(repr, header[:4])) + (" …" if len(header) > 4 else "")
        )
        return False
    for name, count in Counter(header).items():
        if count > 1:
            problems.add("repeated column", 1, "each column once", f"{name[:60]!r} {count:,} times")
    unknown = [name for name in dict.fromkeys(header) if name not in {*OWN, *classes}]
    for name in [ID, *classes]:
        if name not in header:
            what = "the ids" if name == ID else "a class"
            received = f"none{suggestion(name, unknown[:MOST_COMPARED])}"
            problems.add("missing column", 1, f"the column {name!r} of {what}", received)
    for name in unknown:
        expected = f"columns {', '.join(map(repr, OWN))} and those of the classes only"
        problems.add("unknown column", 1, expected, repr(name[:60]))
    return bool(problems) == before
