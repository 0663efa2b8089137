"""From what a question says to the value of a condition, as the competition labels it.

Labels repeat the question where they can: numbers as written (41.44%), names as written, also where the
question itself says what the cell ends with (名为远帆的公司 is 远帆, the cell 远帆有限公司). Only where the
question's form is not the table's do they take the table's: 1亿元 is 10000.
"""

import math
import re
from functools import lru_cache
from typing import NamedTuple

from tasks.nl2sql.cells import Cells, figure, meant
from tasks.nl2sql.contents import LEGAL, contents
from tasks.nl2sql.dates import date, dates, forms, same
from tasks.nl2sql.mentions import Mention, mentions
from tasks.nl2sql.numerals import WAN, YI, Numeral, comparable, number, numerals, written
from tasks.nl2sql.records import EQUAL, UNEQUAL, Table
from tasks.nl2sql.units import in_unit

Span = tuple[int, int]
_WRITTEN_PLAINLY = re.compile(r"-?\d+(?:\.\d+)?%?", re.ASCII)


class Reading(NamedTuple):
    """A number or a date in a question."""

    start: int
    end: int
    """Characters of the question, half-open."""
    forms: tuple[str, ...]
    """How a table may write it, the plainest first."""


@lru_cache(maxsize=256)  # a decoder asks again for each condition of each query that it tries
def readings(text: str) -> tuple[Reading, ...]:
    """The numbers and dates of a question, from left to right, as a table may have them."""
    said = dates(text)
    inside = {(one.start, one.end) for one in said}
    found = [Reading(one.start, one.end, forms(one)) for one in said]
    for one in numerals(text):
        if not any(start <= one.start and one.end <= end for start, end in inside):
            found.append(Reading(one.start, one.end, number_forms(one)))
    return tuple(sorted(found, key=lambda reading: (reading.start, -reading.end)))


def number_forms(numeral: Numeral) -> tuple[str, ...]:
    """In full, as a percentage or a share, in 万 and in 亿, as far as it is written with them."""
    full = written(numeral.value)
    if numeral.percent:
        return tuple(dict.fromkeys((f"{full}%", full, written(numeral.value / 100))))
    if numeral.value.denominator > 1 and numeral.scale == 1:
        return tuple(dict.fromkeys((full, f"{full}%")))
    scaled = [written(numeral.value / scale) for scale in (WAN, YI) if scale <= numeral.scale]
    return tuple(dict.fromkeys((full, *scaled)))


def value_at(question: str, span: Span, column: int, table: Table, operator: int) -> str:
    """The value of a condition whose value a network saw in a span, which may be a little off."""
    start, end = whole(question, span, column, table)
    text = question[start:end].strip()
    if table.types[column] == "text" and _goes_on(question[end:], text, contents(table).column(column)):
        return text
    return value_for(text, column, table, operator)


def whole(question: str, span: Span, column: int, table: Table) -> Span:
    """The cell, number or date of a question that a span means: the one that it shares most with, if that is
    at least half of both together."""
    near: list[Span] = [(one.start, one.end) for one in _of_column(question, column, table)]
    if table.types[column] == "real" or not near:
        near += [(one.start, one.end) for one in readings(question)]
    best = max(near, key=lambda other: _common(span, other), default=span)
    return best if _common(span, best) >= 0.5 else span


def value_for(text: str, column: int, table: Table, operator: int) -> str:
    """The value of a condition on a column that a text means, as the competition labels it."""
    cells = contents(table).column(column)
    text = text.strip()
    if text in cells.places:
        return text
    if (found := date(text)) and (said := _dated(text, cells)):
        return said
    if (table.types[column] == "real" or _are_numbers(cells)) and (numeral := _numeral(text)):
        return _number(text[numeral.start : numeral.end], numeral, table.header[column], cells)
    if operator in (EQUAL, UNEQUAL):
        return (meant(text, cells) or text).strip()
    return forms(found)[0] if found else text


def _numeral(text: str) -> Numeral | None:
    """The number that a text is, or the only one in it."""
    found = numerals(text)
    return number(text) or (found[0] if len(found) == 1 else None)


def _number(text: str, numeral: Numeral, header: str, cells: Cells) -> str:
    """As written, if the column writes numbers so; never rounded."""
    plain = comparable(text)
    if _WRITTEN_PLAINLY.fullmatch(plain) and plain.endswith("%") == cells.percent:
        return plain
    return in_unit(numeral, header, cells)


def _dated(text: str, cells: Cells) -> str | None:
    """A date as the column writes it: the cell that is it, else in the form of the column's dates."""
    asked = date(text)
    if asked is None:
        return None
    for form in forms(asked):
        if form in cells.places:
            return form
    exact = next((cell for found, cell in cells.dates if same(asked, found)), None)
    if exact or not cells.texts:
        return exact
    shapes = {_shape(cell) for cell in cells.texts[:100]}
    return next((form for form in forms(asked) if _shape(form) in shapes), None)


def _shape(text: str) -> str:
    return re.sub(r"\d", "9", text)


def _are_numbers(cells: Cells) -> bool:
    return bool(cells.texts) and not any(math.isnan(figure(cell)) for cell in cells.texts[:100])


def _goes_on(rest: str, text: str, cells: Cells) -> bool:
    """Whether the question says next what the cell, but not the text, ends with: 叫远帆的公司."""
    said = next((end for end in LEGAL if re.match(rf"的?{end}", rest)), None)
    return (
        said is not None
        and text not in cells.places
        and any(text + end in cells.places for end in LEGAL if end.endswith(said))
    )


def _of_column(question: str, column: int, table: Table) -> list[Mention]:
    return [mention for mention in mentions(question, table) if mention.column == column]


def _common(one: Span, other: Span) -> float:
    """The part of what two spans cover together that both cover."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0) / (max(one[1], other[1]) - min(one[0], other[0]) or 1)
