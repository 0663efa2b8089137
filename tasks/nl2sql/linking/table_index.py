"""What a table holds, indexed once for all its questions."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import ahocorasick
import numpy as np

from tasks.nl2sql.linking.cell_matching import Cells, figure
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

LEGAL = ("股份有限公司", "有限责任公司", "有限公司", "公司", "项目")
"""Ends of names that a question leaves out where it says them itself: 名为远帆的公司 means 远帆公司."""
_PLACES = ("自治区", "省", "市")
_KEPT_TABLES, _KEPT_CELLS = 512, 4_000_000


class Numbers(NamedTuple):
    """The numbers of a table, in ascending order; parallel arrays."""

    values: np.ndarray
    """(n,) float64; of a percentage the number before the sign."""
    columns: np.ndarray
    """(n,) int32."""
    rows: np.ndarray
    """(n,) int32: where the number first stands in its column."""


class Contents:
    """The indexes of one table, each built when first asked for."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.mentions: dict[str, Any] = {}
        """Of the question asked last: a decoder asks again for each query that it tries."""
        self._columns: dict[int, Cells] = {}

    def column(self, place: int) -> Cells:
        """The cells of a column."""
        if place not in self._columns:
            self._columns[place] = Cells(row[place] for row in self.table.rows)
        return self._columns[place]

    @cached_property
    def automaton(self) -> Any:
        """Finds the cells of text columns in a normalised text; each word has a list of (column, cell).

        Cells that are numbers stand in `numbers`.
        """
        words: dict[str, dict[tuple[int, str], None]] = {}
        for place in self._texts():
            for cell in self.column(place).texts:
                for word in spellings(cell) if figure(cell) != figure(cell) else ():
                    words.setdefault(word, {})[place, cell] = None
        automaton = ahocorasick.Automaton()
        for word, found in words.items():
            automaton.add_word(word, (len(word), tuple(found)))
        automaton.make_automaton()
        return automaton

    @cached_property
    def numbers(self) -> Numbers:
        """The different numbers of each column, of text columns too."""
        parts = [self._numbers(place) for place in range(len(self.table.header))]
        values, columns, rows = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((columns, values))
        return Numbers(values[order], columns[order], rows[order])

    def _numbers(self, place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = np.array([figure(row[place]) for row in self.table.rows], np.float64)
        values, rows = np.unique(found, return_index=True)
        real = ~np.isnan(values)
        values, rows = values[real], rows[real]
        return values, np.full(len(values), place, np.int32), rows.astype(np.int32)

    def _texts(self) -> Iterable[int]:
        return (place for place, type_ in enumerate(self.table.types) if type_ == "text")


def spellings(cell: str) -> list[str]:
    """How a question may write a cell: as it is, without marks, without an end that needs no saying."""
    whole = normalise(cell).strip()
    bare = "".join(character for character in whole if character.isalnum())
    return [word for word in dict.fromkeys((whole, bare, stem(whole))) if word]


def stem(name: str) -> str:
    """A name without what kind of company, project or place it is, if at least two characters remain."""
    for end in (*LEGAL, *_PLACES):
        if name.endswith(end) and len(name) > len(end) + 1:
            return name.removesuffix(end)
    return name


class _Kept:
    """The indexes of the last tables, by identity: to hash a table or compare two reads all their cells."""

    def __init__(self) -> None:
        self._of: dict[int, Contents] = {}
        self._cells = 0

    def __call__(self, table: Table) -> Contents:
        found = self._of.pop(id(table), None)
        if found is None:  # what is kept lives, so that no other table can have its identity
            found = Contents(table)
            self._cells += _size(table)
        self._of[id(table)] = found
        while len(self._of) > 1 and (len(self._of) > _KEPT_TABLES or self._cells > _KEPT_CELLS):
            self._cells -= _size(self._of.pop(next(iter(self._of))).table)
        return found


def _size(table: Table) -> int:
    return len(table.rows) * len(table.header)


contents = _Kept()
"""The indexes of a table, kept for its next questions."""
