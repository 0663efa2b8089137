"""What the cells of a table say of spans of one question: which columns hold them, and as which values."""

from collections.abc import Container, Iterator
from typing import NamedTuple

import numpy as np

from tasks.nl2sql import constraints
from tasks.nl2sql.config import Decoding
from tasks.nl2sql.contents import contents
from tasks.nl2sql.dates import date
from tasks.nl2sql.mentions import mentions
from tasks.nl2sql.numerals import number, numerals
from tasks.nl2sql.records import EQUAL, UNEQUAL, Condition, Table
from tasks.nl2sql.spans import Asked, Place
from tasks.nl2sql.values import value_at


class Known(NamedTuple):
    """What decoding knows of one table, whatever the question."""

    table: Table
    operators: np.ndarray
    """(C, 4) factors by column and operator."""
    aggregates: np.ndarray
    """(C, 6) factors by column and aggregate."""
    cells: tuple[Container[str], ...]
    """The cells of each column."""

    @classmethod
    def of(cls, table: Table) -> "Known":
        columns = map(contents(table).column, range(len(table.header)))
        cells = tuple(column.places for column in columns)
        return cls(table, constraints.of_operators(table), constraints.of_aggregates(table), cells)


class Said:
    """One question with its table."""

    def __init__(self, text: str, known: Known, settings: Decoding) -> None:
        self.text, self.known, self._settings = text, known, settings
        self.mentions: dict[Place, set[int]] = {}
        """Columns with a cell that stands at a place, by place."""
        self._read: dict[Asked, Condition] = {}
        for mention in mentions(text, known.table):
            self.mentions.setdefault((mention.start, mention.end), set()).add(mention.column)

    def near(self, place: Place) -> Iterator[Place]:
        """Other places of cells that have characters of this one."""
        for other in self.mentions:
            if other[0] < place[1] and place[0] < other[1] and other != place:
                yield other

    def places(self) -> Iterator[Place]:
        """Where a value may stand: cells, then numbers."""
        yield from self.mentions
        for numeral in numerals(self.text):
            yield numeral.start, numeral.end

    def holders(self, place: Place) -> list[int]:
        """Columns with a cell that is said there."""
        value, held = self.text[slice(*place)].strip(), self.mentions.get(place, ())
        return [each for each, cells in enumerate(self.known.cells) if value in cells or each in held]

    def condition(self, asked: Asked) -> Condition:
        """The condition with its value."""
        if asked not in self._read:
            self._read[asked] = Condition(asked.column, asked.operator, self._value(asked))
        return self._read[asked]

    def _value(self, asked: Asked) -> str:
        column, operator, start, end = asked
        value = self.text[start:end].strip()
        if value in self.known.cells[column]:
            return value
        if number(value) or date(value):
            wanted = self._settings.normalise
        else:
            wanted = self._settings.cells and operator in (EQUAL, UNEQUAL)
        return value_at(self.text, (start, end), column, self.known.table, operator) if wanted else value
