"""What spans of a question may say: a column, an operator and a value, each way with its probability."""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding import constraints
from tasks.nl2sql.decoding.beam import best
from tasks.nl2sql.decoding.sketch_outputs import NO_OPERATOR, Sketch
from tasks.nl2sql.decoding.value_spans import Asked, Place, Span, common, completed, joined, odds
from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.dates import parse_date
from tasks.nl2sql.linking.numerals import find_numerals, parse_number
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_normalisation import value_at
from tasks.nl2sql.query.schema import EQUAL, UNEQUAL, Condition, Table


# FOLDED from tasks/nl2sql/said.py
# What the cells of a table say of spans of one question: which columns hold them, and as which values.
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
        columns = map(table_index(table).column, range(len(table.header)))
        cells = tuple(column.places for column in columns)
        return cls(table, constraints.of_operators(table), constraints.of_aggregates(table), cells)


class Said:
    """One question with its table."""

    def __init__(self, text: str, known: Known, settings: Decoding) -> None:
        self.text, self.known, self._settings = text, known, settings
        self.mentions: dict[Place, set[int]] = {}
        """Columns with a cell that stands at a place, by place."""
        self._read: dict[Asked, Condition] = {}
        for mention in cell_matches(text, known.table):
            self.mentions.setdefault((mention.start, mention.end), set()).add(mention.column)

    def near(self, place: Place) -> Iterator[Place]:
        """Other places of cells that have characters of this one."""
        for other in self.mentions:
            if other[0] < place[1] and place[0] < other[1] and other != place:
                yield other

    def places(self) -> Iterator[Place]:
        """Where a value may stand: cells, then numbers."""
        yield from self.mentions
        for numeral in find_numerals(self.text):
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
        if parse_number(value) or parse_date(value):
            wanted = self._settings.normalise
        else:
            wanted = self._settings.cells and operator in (EQUAL, UNEQUAL)
        return value_at(self.text, (start, end), column, self.known.table, operator) if wanted else value


MOST_READINGS = 4
"""Conditions considered of one span."""
CERTAIN = 0.999
"""No span is more certain than this, so that one too many can always be left out."""
FLOOR = 0.1
"""Weight of the characters' operators alone, for a column may have conditions with several."""
SAME = 0.5
"""Part in common from which two places are one value, its ends seen badly."""
LEAST = 1e-6

Choice = tuple[float, Asked | None]
"""A condition, or that none is meant, and its probability."""


def choices(found: Iterable[Span], sketch: Sketch, said: Said) -> list[list[Choice]]:
    """For each span of a question what it may say; the probabilities of one span sum to 1 at most."""
    value = 1 - sketch.tags[:, NO_OPERATOR].astype(np.float64)
    whole = joined(found, said.mentions, sketch.begins)
    return [
        _of_span(span, sketch, value, said)
        for span in completed(whole, said.places(), sketch, value)
        if said.text[span.start : span.end].strip()
    ]


def _of_span(span: Span, sketch: Sketch, value: np.ndarray, said: Said) -> list[Choice]:
    """The most probable conditions, and that there is none."""
    here = (span.start, span.end)
    places = [here, *(place for place in said.near(here) if place[1] <= len(value))]
    joint = _joint(places, sketch, value, said)
    top = np.argsort(-joint, axis=None, kind="stable")[:MOST_READINGS]
    probability = min(span.probability, CERTAIN)
    shares = joint.ravel()[top] * (probability / joint.sum())
    ways = zip(shares.tolist(), *(each.tolist() for each in np.unravel_index(top, joint.shape)), strict=True)
    found: list[Choice] = [(1 - probability, None)]
    found += [(share, Asked(column, operator, *places[number])) for share, number, column, operator in ways]
    return best(found, len(found))


def _joint(places: Sequence[Place], sketch: Sketch, value: np.ndarray, said: Said) -> np.ndarray:
    """(places, C, 4) weights of reading a value at each place, the first of which the network has marked."""
    weighed = _known(places[0], sketch) * said.known.operators + LEAST
    holders = [said.holders(place) for place in places]
    columns = np.array([constraints.of_columns(held, len(weighed)) for held in holders])
    columns[1:] *= np.array([[odds(places[0], place, value)] for place in places[1:]]).reshape(-1, 1)
    joint = columns[:, :, None] * weighed
    for number in range(1, len(places)):
        # where a column has the value of nearly the same place, that is what the characters say
        if common(places[0], places[number]) >= SAME:
            moved = [column for column in holders[number] if column not in holders[0]]
            joint[number, moved] += joint[0, moved]
            joint[0, moved] = 0
    return np.asarray(joint)


def _known(place: Place, sketch: Sketch) -> np.ndarray:
    """(C, 4): what the network says of the column and the operator of a value."""
    here = slice(*place)
    tags = sketch.tags[here, :NO_OPERATOR].mean(axis=0)
    columns = sketch.columns[here].mean(axis=0)
    return np.asarray(columns[:, None] * tags * (sketch.operators[:, :NO_OPERATOR] + FLOOR))
