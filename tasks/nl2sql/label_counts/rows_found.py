"""Whether a labelled query finds anything, without a database: trainings rest on no execution of queries.

Cells are compared as the competition's databases do it (`tasks.nl2sql.query.execution`): in real columns a
text that is a number for SQLite counts as one, and every other text is greater than every number.
"""

import math
import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from tasks.nl2sql.query.schema import AND, COUNT, EQUAL, GREATER, LESS, Cell, Condition, Query, Table

_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
"""What SQLite converts to a number; unlike `tasks.nl2sql.linking.plain_numbers` with exponents, and without
commas and percent signs."""


class TableRows:
    """The rows of one table, to find those that fulfil conditions."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._column = cache(self._uncached_column)

    def finds_something(self, query: Query) -> bool:
        """Whether a row fulfils the conditions and has a selected cell, or is counted."""
        rows = self._fulfilling(query)
        return any(
            bool(rows.any()) if aggregate == COUNT else any(rows & self._filled(column))
            for column, aggregate in query.select
        )

    def _fulfilling(self, query: Query) -> np.ndarray:
        """(rows,) bool"""
        found = [self._fulfils(condition) for condition in query.conditions]
        if not found:
            return np.ones(len(self._table.rows), bool)
        return np.asarray((np.logical_and if query.connector == AND else np.logical_or).reduce(found))

    def _fulfils(self, condition: Condition) -> np.ndarray:
        numbers, texts, filled = self._column(condition.column)
        is_text = self._table.types[condition.column] == "text"
        number = math.nan if is_text else _number(condition.value)
        if np.isnan(number):
            greater, equal = texts > condition.value, texts == condition.value
            greater &= np.isnan(numbers)
            equal &= np.isnan(numbers)
        else:
            greater, equal = np.isnan(numbers) | (numbers > number), numbers == number
        found = {GREATER: greater, LESS: ~greater & ~equal, EQUAL: equal}
        return np.asarray(found.get(condition.operator, ~equal) & filled)

    def _filled(self, column: int) -> np.ndarray:
        return self._column(column)[2]

    def _uncached_column(self, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(rows,) each: numbers, NaN where a cell is compared as a text; texts; whether the cell is there."""
        cells: Sequence[Cell] = [row[column] for row in self._table.rows]
        is_text = self._table.types[column] == "text"
        numbers = np.array([np.nan if is_text else _number(cell) for cell in cells], np.float64)
        texts = np.array(["" if cell is None else str(cell) for cell in cells], object)
        return numbers, texts, np.array([cell is not None for cell in cells], bool)


def _number(cell: Cell) -> float:
    """The number that SQLite keeps of a cell of a real column; NaN for other texts."""
    if isinstance(cell, str):
        return float(cell) if _NUMBER.fullmatch(cell) else math.nan
    return math.nan if cell is None else float(cell)
