"""Search indexes of a table, built once for all its questions."""

from functools import cached_property
from typing import Any, NamedTuple

import ahocorasick
import numpy as np

from tasks.nl2sql.linking.cell_matching import ColumnCells, numeric_value
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

NAME_ENDINGS = ("股份有限公司", "有限责任公司", "有限公司", "公司", "项目")
"""Endings of names that labels leave out if the question has them as words: 名为远帆的公司 is 远帆公司."""
_PLACE_ENDINGS = ("自治区", "省", "市")
_MOST_TABLES, _MOST_CELLS = 512, 4_000_000


class TableNumbers(NamedTuple):
    """The numbers of a table, in ascending order; parallel arrays."""

    values: np.ndarray
    """(n,) float64; of a percentage the number before the sign."""
    columns: np.ndarray
    """(n,) int32."""
    rows: np.ndarray
    """(n,) int32: the first row of the column that has the number."""


class TableIndex:
    """The indexes of one table, each built at first use."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.matches: dict[str, Any] = {}
        """Cell matches of the last question: a decoder asks again for each query that it tries."""
        self._columns: dict[int, ColumnCells] = {}

    def column(self, column: int) -> ColumnCells:
        """The distinct cells of a column."""
        if column not in self._columns:
            self._columns[column] = ColumnCells(row[column] for row in self.table.rows)
        return self._columns[column]

    @cached_property
    def automaton(self) -> Any:
        """Aho-Corasick automaton over the cells of text columns; the value of a word is its length and a
        tuple of (column, cell).

        Cells that are numbers are in `numbers` instead.
        """
        words: dict[str, dict[tuple[int, str], None]] = {}
        for column, type_ in enumerate(self.table.types):
            for cell in self.column(column).texts if type_ == "text" else ():
                for word in spellings(cell) if np.isnan(numeric_value(cell)) else ():
                    words.setdefault(word, {})[column, cell] = None
        automaton = ahocorasick.Automaton()
        for word, cells in words.items():
            automaton.add_word(word, (len(word), tuple(cells)))
        automaton.make_automaton()
        return automaton

    @cached_property
    def numbers(self) -> TableNumbers:
        """The distinct numbers of each column, text columns included."""
        parts = [self._numbers(column) for column in range(len(self.table.header))]
        values, columns, rows = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((columns, values))
        return TableNumbers(values[order], columns[order], rows[order])

    def _numbers(self, column: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        cells = np.array([numeric_value(row[column]) for row in self.table.rows], np.float64)
        values, rows = np.unique(cells, return_index=True)
        is_number = ~np.isnan(values)
        values, rows = values[is_number], rows[is_number]
        return values, np.full(len(values), column, np.int32), rows.astype(np.int32)


def spellings(cell: str) -> list[str]:
    """Ways in which a question may write a cell: as it is, without marks, without an optional ending.

    >>> spellings("远帆·有限公司")
    ['远帆·有限公司', '远帆有限公司', '远帆·']
    """
    whole = normalise(cell).strip()
    bare = "".join(character for character in whole if character.isalnum())
    return [word for word in dict.fromkeys((whole, bare, without_ending(whole))) if word]


def without_ending(name: str) -> str:
    """A name without the kind of company, project or place at its end, if at least two characters remain."""
    for ending in (*NAME_ENDINGS, *_PLACE_ENDINGS):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name


class _IndexCache:
    """Indexes of the tables used last, by identity: hashing or comparing tables reads all cells."""

    def __init__(self) -> None:
        self._indexes: dict[int, TableIndex] = {}
        self._cells = 0

    def __call__(self, table: Table) -> TableIndex:
        index = self._indexes.pop(id(table), None)
        if index is None:  # a cached index keeps its table alive, so that no other has its identity
            index = TableIndex(table)
            self._cells += _size(table)
        self._indexes[id(table)] = index
        while len(self._indexes) > 1 and (len(self._indexes) > _MOST_TABLES or self._cells > _MOST_CELLS):
            self._cells -= _size(self._indexes.pop(next(iter(self._indexes))).table)
        return index


def _size(table: Table) -> int:
    return len(table.rows) * len(table.header)


table_index = _IndexCache()
"""The index of a table, cached for its next questions."""
