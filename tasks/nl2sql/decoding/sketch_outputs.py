"""A sketch network's probabilities for one question, from which queries are decoded."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class SketchProbabilities(NamedTuple):
    """Probabilities, float32; n characters of the question, C columns of its table."""

    connector: np.ndarray
    """(3,)"""
    select: np.ndarray
    """(C, 7): aggregate with which a column is selected, or `NO_AGGREGATE`."""
    number: np.ndarray
    """(5,): number of conditions, `MOST_CONDITIONS` and more in one class."""
    operators: np.ndarray
    """(C, 5): operator of the conditions on a column, or `NO_OPERATOR`."""
    tags: np.ndarray
    """(n, 5): operator of the value that a character is part of, or `NO_OPERATOR`."""
    begins: np.ndarray
    """(n,): a value begins at the character."""
    columns: np.ndarray
    """(n, C): the column of the condition that the character's value belongs to, if it is part of one."""


def average(sketches: Sequence[SketchProbabilities]) -> SketchProbabilities:
    """The mean of several networks' probabilities for one question."""
    return SketchProbabilities(*(np.mean(parts, axis=0) for parts in zip(*sketches, strict=True)))


def replace_non_finite(sketch: SketchProbabilities) -> SketchProbabilities:
    """The probabilities with 0 in place of NaN and inf, which diverged networks give."""
    return SketchProbabilities(*(np.where(np.isfinite(part), part, np.float32(0)) for part in sketch))
