"""Targets of a labelled question: the sketch of its query."""

from collections.abc import Mapping
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


def labels_of(query: Query, text: str, *, columns: int, spans: Mapping[Condition, Span | None]) -> Labels:
    """Targets of a question; of two values that overlap, the first takes the characters.

    Args:
        columns: number of columns of the question's table.
        spans: of the conditions' values in the question. Without one, no character is labelled with the
            condition, but its column, its operator and the number of conditions are.
    """
    select = np.full(columns, NO_AGGREGATE, np.int32)
    for column, aggregate in query.select:
        select[column] = aggregate
    operators = np.zeros((columns, NO_OPERATOR + 1), np.float32)
    for condition in query.conditions:
        operators[condition.column, condition.operator] += 1
    operators[operators.sum(axis=1) == 0, NO_OPERATOR] = 1
    operators /= operators.sum(axis=1, keepdims=True)
    tags = np.full(len(text), NO_OPERATOR, np.int32)
    begins = np.zeros(len(text), np.int32)
    of_columns = np.full(len(text), IGNORED, np.int32)
    for condition in query.conditions:
        span = spans.get(condition)
        if span is not None and span[0] < len(text) and (of_columns[slice(*span)] == IGNORED).all():
            tags[slice(*span)], of_columns[slice(*span)] = condition.operator, condition.column
            begins[span[0]] = 1
    number = min(len(query.conditions), MOST_CONDITIONS)
    return Labels(query.connector, select, number, operators, tags, begins, of_columns)
