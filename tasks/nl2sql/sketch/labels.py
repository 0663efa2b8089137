"""Targets of a labelled question: the sketch of its query."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.spans import Span
from tasks.nl2sql.query.schema import AGGREGATES, OPERATORS, Condition, Query

NO_AGGREGATE = len(AGGREGATES)
"""Class of a column that is not selected."""
NO_OPERATOR = len(OPERATORS)
"""Class of a column without a condition, and of a character outside values."""
MOST_CONDITIONS = 4
"""More conditions are counted as this many."""
IGNORED = -1
"""Target of what has no loss: padding, and the column of characters outside values."""


class Labels(NamedTuple):
    """Targets of one question with n characters and C columns."""

    connector: int
    select: np.ndarray
    """(C,) int32"""
    number: int
    operators: np.ndarray
    """(C, 5) float32, shares that sum to 1: a column with different operators has some of each."""
    tags: np.ndarray
    """(n,) int32"""
    begins: np.ndarray
    """(n,) int32, 0 or 1"""
    columns: np.ndarray
    """(n,) int32, `IGNORED` outside values"""


def labels_of(
    query: Query, text: str, *, columns: int, span_of: Callable[[Condition], Span | None]
) -> Labels:
    """Targets of a question.

    Args:
        columns: of the question's table.
        span_of: the span of a condition's value in the question. Without one, no character is labelled
            with the condition, but its column, its operator and the number of conditions are.
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
    columns = np.full(length, IGNORED, np.int32)
    for condition in query.conditions:
        span = span_of(condition)
        if span is None or (columns[slice(*span)] != IGNORED).any() or span[0] >= length:
            continue
        tags[slice(*span)] = condition.operator
        columns[slice(*span)] = condition.column
        begins[span[0]] = 1
    return tags, begins, columns
