"""Prior factors that penalise unlikely queries, between 0 and 1.

Each factor comes from how often labelled queries have the property that it penalises. None is 0, for labels
break nearly every rule: 18 % of the training questions of one real source find nothing at all.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from tasks.nl2sql.decoding.value_spans import SpanCondition
from tasks.nl2sql.query.schema import AND, EQUAL, OPERATORS, Condition, Table

TEXT_OPERATORS = (0.02, 0.02, 1.0, 1.0)
"""Operators on text columns; none of 13,000 conditions asks which text is greater."""
TEXT_AGGREGATES = (1.0, 0.02, 0.5, 0.5, 1.0, 0.02)
"""Aggregates of text columns; MAX and MIN ask for the last and the first date."""
REAL_AGGREGATES = (1.0, 1.0, 1.0, 1.0, 0.2, 1.0)
"""Aggregates of real columns; COUNT is mostly of names."""

ELSEWHERE = 0.02
"""The value is in cells of other columns and not of this one: no label of 20,000."""
NOWHERE = 0.1
"""The value is in no cell: 1 % of the labels, and most spans with a character too few or too many."""
CONTRADICTION = 0.05
"""`and` between two values that one column must equal: 18 labels in training, and 2,595 with `or`."""
REPEATED = 0.3
"""A selected column with a condition: 5 % of the labels, though the question names it."""
OVERLAPPING = 0.01
"""Two values that share characters of the question: no label of 12,000."""
NOTHING_FOUND = 0.5
"""The query finds nothing: 11 % of the labels, and many of the wrong candidates."""
ANOTHER_SELECTED = 0.01
"""A second selected column: no label here, though some of TableQA's own. A network scores each column
independently, not knowing that columns compete; so the second must be nearly certain too."""


def operator_factors(table: Table) -> np.ndarray:
    """(C, 4) by column and operator."""
    text = np.array(TEXT_OPERATORS)
    return np.array([text if kind == "text" else np.ones(len(OPERATORS)) for kind in table.types])


def aggregate_factors(table: Table) -> np.ndarray:
    """(C, 6) by column and aggregate."""
    return np.array([TEXT_AGGREGATES if kind == "text" else REAL_AGGREGATES for kind in table.types])


def column_factors(columns_with_value: Iterable[int], columns: int) -> np.ndarray:
    """(C,) for a value that is in cells of these columns; all alike where it is in none.

    >>> column_factors([1], 3).tolist()
    [0.02, 1.0, 0.02]
    >>> column_factors([], 2).tolist()
    [0.1, 0.1]
    """
    with_value = list(columns_with_value)
    if not with_value:
        return np.full(columns, NOWHERE)
    factors = np.full(columns, ELSEWHERE)
    factors[with_value] = 1
    return factors


def overlap_factor(conditions: Sequence[SpanCondition]) -> float:
    """Below 1 if two values share characters; conditions are in the order of their spans."""
    return OVERLAPPING if any(other.start < one.end for one, other in pairwise(conditions)) else 1.0


def connector_factor(connector: int, conditions: Sequence[SpanCondition | Condition]) -> float:
    """Below 1 if one cell would have to equal several values."""
    equal = [condition.column for condition in conditions if condition.operator == EQUAL]
    return CONTRADICTION if connector == AND and len(set(equal)) < len(equal) else 1.0


def selection_factor(
    select: Iterable[tuple[int, int]], conditions: Iterable[SpanCondition | Condition]
) -> float:
    """Below 1 if a selected column has a condition too."""
    with_condition = {condition.column for condition in conditions}
    return REPEATED if any(column in with_condition for column, _ in select) else 1.0
