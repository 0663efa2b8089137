"""What a network learns of a labelled question: the sketch of its query."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.decoding.sketch_outputs import MOST_CONDITIONS, NO_AGGREGATE, NO_OPERATOR
from tasks.nl2sql.query.schema import Condition, Query

NOTHING = -1

Span = tuple[int, int]
"""First character and the one behind the last."""


class Labels(NamedTuple):
    """Targets of one question with n characters and C columns; `NOTHING` where nothing is to be learned."""

    connector: int
    select: np.ndarray
    """(C,) int32"""
    number: int
    operators: np.ndarray
    """(C, 5) float32, shares that sum to 1: a column with unlike operators has some of each."""
    tags: np.ndarray
    """(n,) int32"""
    begins: np.ndarray
    """(n,) int32, 0 or 1"""
    columns: np.ndarray
    """(n,) int32, `NOTHING` outside values"""


def labels_of(
    query: Query, text: str, *, columns: int, span_of: Callable[[Condition], Span | None]
) -> Labels:
    """Targets of a question.

    Args:
        columns: of the question's table.
        span_of: where the question says a condition's value. Where it does not say it, no character
            learns from the condition, but its column, its operator and the number of conditions do.
    """
    select = np.full(columns, NO_AGGREGATE, np.int32)
    for column, aggregate in query.select:
        select[column] = aggregate
    operators = np.zeros((columns, NO_OPERATOR + 1), np.float32)
    for condition in query.conditions:
        operators[condition.column, condition.operator] += 1
    operators[operators.sum(axis=1) == 0, NO_OPERATOR] = 1
    operators /= operators.sum(axis=1, keepdims=True)
    tags, begins, of_columns = _of_characters(query, len(text), span_of)
    number = min(len(query.conditions), MOST_CONDITIONS)
    return Labels(query.connector, select, number, operators, tags, begins, of_columns)


def _of_characters(
    query: Query, length: int, span_of: Callable[[Condition], Span | None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tags, begins and columns; of two values that overlap, the first takes the characters."""
    tags = np.full(length, NO_OPERATOR, np.int32)
    begins = np.zeros(length, np.int32)
    columns = np.full(length, NOTHING, np.int32)
    for condition in query.conditions:
        span = span_of(condition)
        if span is None or (columns[slice(*span)] != NOTHING).any() or span[0] >= length:
            continue
        tags[slice(*span)] = condition.operator
        columns[slice(*span)] = condition.column
        begins[span[0]] = 1
    return tags, begins, columns
