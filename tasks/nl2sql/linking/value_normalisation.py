"""From what a question says to the value of a condition, as the competition labels it.

Labels repeat the question where they can: numbers as written (41.44%), names as written, also where the
question itself says what the cell ends with (名为远帆的公司 is 远帆, the cell 远帆有限公司). Only where the
question's form is not the table's do they take the table's: 1亿元 is 10000.
"""

import math
import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from tasks.nl2sql.linking.cell_matching import Cells, figure, meant
from tasks.nl2sql.linking.cell_mentions import Mention, mentions
from tasks.nl2sql.linking.dates import date, dates, forms, same
from tasks.nl2sql.linking.numerals import WAN, YI, Numeral, comparable, number, numerals, written
from tasks.nl2sql.linking.table_index import LEGAL, contents
from tasks.nl2sql.query.schema import EQUAL, UNEQUAL, Table
from tasks.text.normalisation import normalise

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


# FOLDED from tasks/nl2sql/units.py
# Numbers of a question in the unit of a column: 1亿元 asked of a column in 万元 is 10000.
_HEADED = re.compile(
    r"[(（\[【/:：_\-](?:单位[:：]?)?(?P<unit>[十百千]?万|[十百千]?亿|%|‰)[^()（）]{0,3}[)）\]】]?$"
)
_SCALES = {"万": WAN, "十万": 10 * WAN, "百万": 100 * WAN, "千万": 1000 * WAN, "亿": YI}
_SCALES |= {"十亿": 10 * YI, "百亿": 100 * YI, "千亿": 1000 * YI}
_FARTHEST = 100
"""How many times a column's usual numbers a number may be that people ask for."""


def unit(header: str) -> str:
    """万, 百万, 亿, % … as a header says at its end: 销售量（万件） has 万; "" where it says none."""
    found = _HEADED.search(normalise(header))
    return found["unit"] if found else ""


def in_unit(numeral: Numeral, header: str, cells: Cells) -> str:
    """The number as the column writes numbers.

    Amounts written with 万 or 亿 are given in the unit of the header. Without one they are given in full if
    the column has numbers nearly as great, else in 万: in the training questions 1500万 is labelled 1500
    and 1亿 10000 (36 of 36), of columns that say no unit and hold numbers of 亿.
    """
    said = unit(header)
    if numeral.scale > 1:
        return written(numeral.value / _scale(numeral.value, said, cells))
    if cells.percent:
        return (
            written(numeral.value if numeral.percent or not _is_share(numeral) else numeral.value * 100) + "%"
        )
    if numeral.percent and said != "%" and 0 < cells.reach <= 1:
        return written(numeral.value / 100)
    return written(numeral.value)


def _scale(value: Fraction, said: str, cells: Cells) -> int:
    if said in _SCALES:
        return _SCALES[said]
    return 1 if abs(value) <= _FARTHEST * cells.reach else WAN


def _is_share(numeral: Numeral) -> bool:
    """三分之一 and 半 against percentages; 0.5 is what it says."""
    return numeral.value.denominator > 1 and 10**4 % numeral.value.denominator != 0
