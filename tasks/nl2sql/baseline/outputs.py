"""A baseline network's probabilities for one question, and its values: runs of characters of equal tags."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.sketch.labels import MOST_CONDITIONS, NO_OPERATOR


class BaselineProbabilities(NamedTuple):
    """Probabilities, float32; n characters of the question, C columns of its table."""

    connector: np.ndarray
    """(3,)"""
    select: np.ndarray
    """(C, 7): aggregate with which a column is selected, or `NO_AGGREGATE`."""
    tags: np.ndarray
    """(n, 5): operator of the value that a character is part of, or `NO_OPERATOR`."""
    columns: np.ndarray
    """(n, C): the column of the condition that the character's value belongs to, if it is part of one."""


def of_question(
    outputs: Mapping[str, np.ndarray], row: int, *, characters: int, columns: int
) -> BaselineProbabilities:
    """The probabilities of one question of a batch, without padding, 0 where they are not finite."""
    letters = slice(1, 1 + characters)  # one token comes before the first character
    parts = (
        outputs["connector"][row],
        outputs["select"][row, :columns],
        outputs["tags"][row, letters],
        outputs["column"][row, letters, :columns],
    )
    return BaselineProbabilities(*(np.where(np.isfinite(part), part, np.float32(0)) for part in parts))


def average(networks: Sequence[BaselineProbabilities]) -> BaselineProbabilities:
    """The mean of several networks' probabilities for one question."""
    return BaselineProbabilities(*(np.mean(parts, axis=0) for parts in zip(*networks, strict=True)))


class Run(NamedTuple):
    """A value: a longest run of characters whose most probable tag is the same operator."""

    start: int
    end: int
    """Half-open characters of the question."""
    operator: int
    probability: float
    """That these characters are a value, rather than none: ½ to 1."""


def runs(tags: np.ndarray) -> list[Run]:
    """The values in (n, 5) probabilities of tags, from left to right; of equally probable tags the first.

    >>> tags = np.eye(5)[[4, 2, 2, 0, 4, 4, 3]]
    >>> [each[:3] for each in runs(tags)]
    [(1, 3, 2), (3, 4, 0), (6, 7, 3)]
    """
    best = tags.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1)).tolist()
    return [
        Run(start, end, int(best[start]), _probability(tags[start:end], int(best[start])))
        for start, end in pairwise(edges)
        if best[start] != NO_OPERATOR
    ]


def _probability(tags: np.ndarray, operator: int) -> float:
    inside, outside = tags[:, [operator, NO_OPERATOR]].astype(np.float64).mean(axis=0).tolist()
    return float(inside / (inside + outside)) if inside else 0.5


def as_sketch(found: BaselineProbabilities) -> SketchProbabilities:
    """The same as the outputs of a sketch network, for the search of `tasks.nl2sql.decoding`.

    What the baseline has no output for is uniform: the number of conditions, and the operators of columns. A
    value begins at a character whose operator the character before it does not have.
    """
    operators = found.tags[:, :NO_OPERATOR]
    before = np.concatenate([np.zeros_like(operators[:1]), operators[:-1]])
    columns = found.select.shape[0]
    return SketchProbabilities(
        connector=found.connector,
        select=found.select,
        number=np.full(MOST_CONDITIONS + 1, 1 / (MOST_CONDITIONS + 1), np.float32),
        operators=np.full((columns, NO_OPERATOR + 1), 1 / (NO_OPERATOR + 1), np.float32),
        tags=found.tags,
        begins=(operators * (1 - before)).sum(axis=1),
        columns=found.columns,
    )
