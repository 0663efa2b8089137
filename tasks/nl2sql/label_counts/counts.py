"""Counts of what labelled queries do, by type of column; stored beside a model as plain numbers.

The labels are those that the model was trained on. Counts are all that is stored: what a decoder concludes
from them (`tasks.nl2sql.decoding.query_factors`) may change without a new training.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.core.errors import UserError
from tasks.nl2sql.query.schema import AGGREGATES, EQUAL, OPERATORS, UNEQUAL

FILE = "label_counts.json"
"""Beside the weights of a model."""

TEXT, REAL = range(2)
"""Rows by type of column."""
IN_COLUMN, ELSEWHERE, NOWHERE = range(3)
"""Where a value stands as a cell: in the column that it is compared with, in others only, in none."""
EQUALITY, ORDER = range(2)
"""Kinds of operators: `==` and `!=`, `>` and `<`."""


class LabelCounts(NamedTuple):
    """Numbers of labels, float64; means where several models answer together."""

    operators: np.ndarray
    """(2, 4) conditions by type of column and operator."""
    aggregates: np.ndarray
    """(2, 6) selected columns by type and aggregate."""
    places: np.ndarray
    """(2, 2, 3) values by type of column, kind of operator and where they stand."""
    selected: np.ndarray
    """(2,) queries that select one column, and more."""
    compared: np.ndarray
    """(2, 2) selected columns by type: those that have a condition too, and how many would if each column of
    the table were as likely to have one."""
    connectors: np.ndarray
    """(2, 2) queries with several conditions: whether one column must equal several values, by AND and OR."""
    overlaps: np.ndarray
    """(2,) neighbouring values of a question that share characters, and that do not."""
    found: np.ndarray
    """(2,) queries that find nothing, and something."""

    @classmethod
    def zero(cls) -> "LabelCounts":
        """Of no labels."""
        return cls(*(np.zeros(shape) for shape in SHAPES.values()))


SHAPES: dict[str, tuple[int, ...]] = {
    "operators": (2, len(OPERATORS)),
    "aggregates": (2, len(AGGREGATES)),
    "places": (2, 2, 3),
    "selected": (2,),
    "compared": (2, 2),
    "connectors": (2, 2),
    "overlaps": (2,),
    "found": (2,),
}
"""Shape of each field of `LabelCounts`, in their order."""


def type_row(kind: str) -> int:
    """The row of a type of column.

    >>> type_row("text"), type_row("real")
    (0, 1)
    """
    return TEXT if kind == "text" else REAL


def operator_kind(operator: int) -> int:
    """`EQUALITY` or `ORDER`."""
    return EQUALITY if operator in (EQUAL, UNEQUAL) else ORDER


def write(folder: Path, counts: LabelCounts) -> None:
    """Write counts beside the weights of a model."""
    content = {name: value.tolist() for name, value in counts._asdict().items()}
    (folder / FILE).write_text(json.dumps(content, indent=1), "utf-8")


def read(models: Sequence[Path]) -> LabelCounts:
    """The counts beside a model; of several that answer together the mean.

    Raises:
        UserError: a model has no counts, or what lies there are none.
    """
    every = [_read(model / FILE) for model in models]
    return LabelCounts(*(np.mean(parts, axis=0) for parts in zip(*every, strict=True)))


def _read(file: Path) -> LabelCounts:
    expected = f"{file.parent.name}: expected counts of the labels that the model was trained on in {FILE}"
    try:
        content = json.loads(file.read_text("utf-8"))
        values = {name: np.array(content[name], np.float64) for name in SHAPES}
    except FileNotFoundError:
        text = f"{expected}, received a model without them, of an earlier version of Podium; train it again"
        raise UserError(text) from None
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{expected}, received a file without them ({error}); train it again") from error
    for name, value in values.items():
        if value.shape != SHAPES[name] or not np.isfinite(value).all() or value.min() < 0:
            numbers = "×".join(map(str, SHAPES[name]))
            raise UserError(f"{expected}; {name}: expected {numbers} numbers of at least 0; train it again")
    return LabelCounts(**values)
