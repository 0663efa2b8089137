"""Factors on unlikely queries, estimated from the labels that a model was trained on.

Networks score the parts of a query nearly independently: that a text is not compared by size, or that one
column alone is selected, is known to the labels rather than to them. A factor is how often labels have a
property, relative to how often they would by chance; both counts are smoothed by `PRIOR` of labels that have
it as often as by chance (additive smoothing). So it is 1, which changes nothing, for properties that are as
frequent as by chance or more, and where there are no labels; it falls towards 0 the more labels there are
without the property, and is never 0.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tasks.nl2sql.decoding.value_spans import SpanCondition
from tasks.nl2sql.label_counts.counts import (
    ELSEWHERE,
    IN_COLUMN,
    NOWHERE,
    LabelCounts,
    operator_kind,
    type_row,
)
from tasks.nl2sql.query.schema import AND, EQUAL, OPERATORS, Condition, Table
from tasks.nl2sql.wording.model import SILENT, Wording

PRIOR = 2.0
"""Labels of the neutral prior."""
PAIRS = 0.5
"""Queries with two selected columns for each with one, if columns were selected independently at a mean of
one a query: (1 / 2!) / (1 / 1!) of a Poisson distribution."""

_KINDS = [operator_kind(operator) for operator in range(len(OPERATORS))]


class QueryFactors(NamedTuple):
    """Factors between 0 and 1, and what the wording of a question says, which can also raise a probability;
    arrays have a row for text columns and one for real ones.
    """

    operators: np.ndarray
    """(2, 4) by type of column and operator."""
    aggregates: np.ndarray
    """(2, 6) by type of a selected column and aggregate."""
    places: np.ndarray
    """(2, 2, 3) by type of column, kind of operator, and where the value stands as a cell."""
    another_selected: float
    """A second selected column."""
    compared: np.ndarray
    """(2,) by type: a selected column that has a condition too."""
    contradiction: float
    """`and` between two values that one column must equal."""
    overlapping: float
    """Two values that share characters of the question."""
    nothing_found: float
    """The query finds nothing."""
    wording: Wording = SILENT
    """Of aggregates and connectors."""

    @classmethod
    def of(cls, counts: LabelCounts, wording: Wording = SILENT) -> "QueryFactors":
        """The factors estimated from the labels that were counted."""
        factors: dict[str, Any] = {}
        for name, pair in evidence(counts).items():
            found = rarity(*pair)
            factors[name] = found if found.ndim else float(found)
        return cls(**factors, wording=wording)

    def of_operators(self, table: Table) -> np.ndarray:
        """(C, 4) by column and operator."""
        return self.operators[_rows(table)]

    def of_aggregates(self, table: Table) -> np.ndarray:
        """(C, 6) by column and aggregate."""
        return self.aggregates[_rows(table)]

    def of_columns(self, columns_with_value: Collection[int], table: Table) -> np.ndarray:
        """(C, 4) by column and operator, for a value that is in cells of these columns."""
        place = np.full(len(table.header), ELSEWHERE if columns_with_value else NOWHERE)
        place[list(columns_with_value)] = IN_COLUMN
        return np.asarray(self.places[_rows(table)[:, None], _KINDS, place[:, None]])

    def of_overlaps(self, conditions: Sequence[SpanCondition]) -> float:
        """Of conditions in the order of their spans: below 1 if two values share characters."""
        shared = any(other.start < one.end for one, other in pairwise(conditions))
        return self.overlapping if shared else 1.0

    def of_connector(self, connector: int, conditions: Sequence[SpanCondition | Condition]) -> float:
        """Below 1 if one cell would have to equal several values."""
        equal = [condition.column for condition in conditions if condition.operator == EQUAL]
        return self.contradiction if connector == AND and len(set(equal)) < len(equal) else 1.0

    def of_selection(
        self,
        select: Iterable[tuple[int, int]],
        conditions: Iterable[SpanCondition | Condition],
        types: Sequence[str],
    ) -> float:
        """Below 1 if a selected column has a condition too.

        Args:
            types: of all columns of the table.
        """
        with_condition = {condition.column for condition in conditions}
        both = [type_row(types[column]) for column, _ in select if column in with_condition]
        return float(self.compared[both].min(initial=1.0))


def evidence(counts: LabelCounts) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """For each field of `QueryFactors` how many labels have the property, and how many would by chance.

    By chance are operators and aggregates independent of the type of a column, `and` of whether one column
    must equal several values, and selected columns of each other. A value is expected wherever most values
    are, and as many queries to find nothing, or values to share characters, as not.
    """
    independent_and = independent(counts.connectors)[1, 0]
    pairs = {
        "operators": (counts.operators, independent(counts.operators)),
        "aggregates": (counts.aggregates, independent(counts.aggregates)),
        "places": (counts.places, counts.places.max(axis=-1, keepdims=True) + 0 * counts.places),
        "another_selected": (counts.selected[1], PAIRS * counts.selected[0]),
        "compared": tuple(counts.compared.T),
        "contradiction": (counts.connectors[1, 0], independent_and),
        "overlapping": tuple(counts.overlaps),
        "nothing_found": tuple(counts.found),
    }
    return {
        name: (np.asarray(observed), np.asarray(expected)) for name, (observed, expected) in pairs.items()
    }


def rarity(observed: np.ndarray | float, expected: np.ndarray | float) -> np.ndarray:
    """Observed counts relative to expected ones, with additive smoothing; 1 at most.

    >>> rarity(0.0, 18.0).tolist(), rarity(20.0, 20.0).tolist(), rarity(0.0, 0.0).tolist()
    (0.1, 1.0, 1.0)
    """
    return np.minimum((np.asarray(observed) + PRIOR) / (np.asarray(expected) + PRIOR), 1.0)


def independent(counts: np.ndarray) -> np.ndarray:
    """(rows, columns) counts as they would be if rows and columns were independent; 0 without any.

    >>> independent(np.array([[8.0, 0.0], [0.0, 2.0]])).tolist()
    [[6.4, 1.6], [1.6, 0.4]]
    """
    return np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(counts.sum(), 1.0)


def _rows(table: Table) -> np.ndarray:
    """(C,) the row of each column's type."""
    return np.array([type_row(kind) for kind in table.types], np.intp)
