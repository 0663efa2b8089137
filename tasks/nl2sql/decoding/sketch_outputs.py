"""What a network says of one question: probabilities from which queries are decoded."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

NO_AGGREGATE = 6
"""Class of a column that is not selected."""
NO_OPERATOR = 4
"""Class of a column without a condition, and of a character outside values."""
MOST_CONDITIONS = 4
"""Conditions beyond are counted as this many."""


class Sketch(NamedTuple):
    """Probabilities, float32; n characters of the question, C columns of its table."""

    connector: np.ndarray
    """(3,)"""
    select: np.ndarray
    """(C, 7): aggregate with which a column is selected, or `NO_AGGREGATE`."""
    number: np.ndarray
    """(5,): conditions, `MOST_CONDITIONS` and more in one class."""
    operators: np.ndarray
    """(C, 5): operator of the conditions on a column, or `NO_OPERATOR`."""
    tags: np.ndarray
    """(n, 5): operator of the value that a character is part of, or `NO_OPERATOR`."""
    begins: np.ndarray
    """(n,): a value begins at the character."""
    columns: np.ndarray
    """(n, C): the column with whose condition the character's value belongs, were it part of one."""


def averaged(sketches: Sequence[Sketch]) -> Sketch:
    """What several networks say of one question together."""
    return Sketch(*(np.mean(parts, axis=0) for parts in zip(*sketches, strict=True)))


def definite(sketch: Sketch) -> Sketch:
    """The sketch with 0 in place of what is no number: so speak networks that have diverged."""
    return Sketch(*map(_finite, sketch))


def _finite(part: np.ndarray) -> np.ndarray:
    known = np.isfinite(part)
    return part if known.all() else np.where(known, part, np.float32(0))
