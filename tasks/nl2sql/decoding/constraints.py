"""What a query may hardly say, whatever a network thinks: factors between 0 and 1 on its probabilities.

Each factor comes from how often labelled queries do what it speaks of. None is 0, for labels break nearly
every rule: 18 % of the training questions of one real source find nothing at all.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from tasks.nl2sql.decoding.value_spans import Asked
from tasks.nl2sql.query.schema import AND, EQUAL, OPERATORS, Condition, Table

TEXT_OPERATORS = (0.02, 0.02, 1.0, 1.0)
"""Of text columns; no condition of 13,000 asks which text is greater."""
TEXT_AGGREGATES = (1.0, 0.02, 0.5, 0.5, 1.0, 0.02)
"""Of text columns; MAX and MIN ask for the last and the first date."""
REAL_AGGREGATES = (1.0, 1.0, 1.0, 1.0, 0.2, 1.0)
"""Of real columns; what is counted has a name."""

ELSEWHERE = 0.02
"""The value stands in cells of other columns and not of this one: no label of 20,000."""
NOWHERE = 0.1
"""The value stands in no cell: 1 % of the labels, and most of what has a character too few or too many."""
CONTRADICTION = 0.05
"""`and` between two values that one column shall equal: 18 labels in training, and 2,595 with `or`."""
REPEATED = 0.3
"""A selected column with a condition: 5 % of the labels, though the question names it."""
TWICE = 0.01
"""Two values that share characters of the question: no label of 12,000."""
NOTHING_FOUND = 0.5
"""The query finds nothing: 11 % of the labels, and many of their wrong neighbours."""
ANOTHER_SELECTED = 0.01
"""A second selected column: no label here, though some of TableQA's own. What a network says of each column
apart does not say that columns compete; so the second must be nearly certain too."""


def of_operators(table: Table) -> np.ndarray:
    """(C, 4) by column and operator."""
    text = np.array(TEXT_OPERATORS)
    return np.array([text if kind == "text" else np.ones(len(OPERATORS)) for kind in table.types])


def of_aggregates(table: Table) -> np.ndarray:
    """(C, 6) by column and aggregate."""
    return np.array([TEXT_AGGREGATES if kind == "text" else REAL_AGGREGATES for kind in table.types])


def of_columns(holders: Iterable[int], columns: int) -> np.ndarray:
    """(C,) for a value that stands in the columns `holders`; all alike where it stands in none."""
    held = list(holders)
    if not held:
        return np.full(columns, NOWHERE)
    factors = np.full(columns, ELSEWHERE)
    factors[held] = 1
    return factors


def of_places(asked: Sequence[Asked]) -> float:
    """Whether characters say parts of two values; conditions are in the order of their places."""
    return TWICE if any(other.start < one.end for one, other in pairwise(asked)) else 1.0


def of_connector(connector: int, asked: Sequence[Asked | Condition]) -> float:
    """Whether one cell would have to equal several values."""
    equal = [condition.column for condition in asked if condition.operator == EQUAL]
    return CONTRADICTION if connector == AND and len(set(equal)) < len(equal) else 1.0


def of_selection(select: Iterable[tuple[int, int]], asked: Iterable[Asked | Condition]) -> float:
    """Whether a column is both asked for and known."""
    known = {condition.column for condition in asked}
    return REPEATED if any(column in known for column, _ in select) else 1.0
