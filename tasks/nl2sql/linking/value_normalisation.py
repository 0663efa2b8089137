"""Convert a text of a question to the value of a condition, as the competition labels it.

Labels repeat the question where they can: numbers as written (41.44%), names as written, also where the
question has the ending of the cell as a word of its own (名为远帆的公司 is 远帆, the cell 远帆有限公司). Only
where the question's form is not the table's do they take the table's: 1亿元 is 10000 in a column in 万元.
"""

import math
import re
from functools import lru_cache
from typing import NamedTuple

from tasks.nl2sql.linking.cell_matching import ColumnCells, most_similar_cell, numeric_value
from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.dates import date_forms, find_dates, parse_date, same_date
from tasks.nl2sql.linking.numerals import (
    WAN,
    YI,
    Numeral,
    decimal_text,
    find_numerals,
    normalise_numerals,
    parse_number,
)
from tasks.nl2sql.linking.spans import Span, contains, intersection_over_union
from tasks.nl2sql.linking.table_index import NAME_ENDINGS, table_index
from tasks.nl2sql.query.schema import EQUAL, UNEQUAL, Table
from tasks.text.normalisation import normalise

_PLAIN_NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?", re.ASCII)
_HEADER_UNIT = re.compile(
    r"[(（\[【/:：_\-](?:单位[:：]?)?(?P<unit>[十百千]?万|[十百千]?亿|%|‰)[^()（）]{0,3}[)）\]】]?$"
)
_SCALES = {"万": WAN, "十万": 10 * WAN, "百万": 100 * WAN, "千万": 1000 * WAN, "亿": YI}
_SCALES |= {"十亿": 10 * YI, "百亿": 100 * YI, "千亿": 1000 * YI}
_MOST_TIMES = 100
"""How many times the magnitude of a column a number in full may be."""


class ParsedValue(NamedTuple):
    """A number or a date in a question."""

    start: int
    end: int
    """Characters of the question, half-open."""
    forms: tuple[str, ...]
    """Ways in which a table may write it, the simplest first."""


@lru_cache(maxsize=256)  # a decoder asks again for each condition of each query that it tries
def parsed_values(text: str) -> tuple[ParsedValue, ...]:
    """The numbers and dates of a question, from left to right; numbers within dates are left out."""
    dates = find_dates(text)
    spans = {date[:2] for date in dates}
    values = [ParsedValue(*date[:2], date_forms(date)) for date in dates]
    for numeral in find_numerals(text):
        if not any(contains(span, numeral[:2]) for span in spans):
            values.append(ParsedValue(*numeral[:2], number_forms(numeral)))
    return tuple(sorted(values, key=lambda value: (value.start, -value.end)))


def number_forms(numeral: Numeral) -> tuple[str, ...]:
    """In full, as a percentage or a share, in 万 and in 亿, as far as it is written with them."""
    full = decimal_text(numeral.value)
    if numeral.percent:
        return tuple(dict.fromkeys((f"{full}%", full, decimal_text(numeral.value / 100))))
    if numeral.value.denominator > 1 and numeral.scale == 1:
        return tuple(dict.fromkeys((full, f"{full}%")))
    scaled = [decimal_text(numeral.value / scale) for scale in (WAN, YI) if scale <= numeral.scale]
    return tuple(dict.fromkeys((full, *scaled)))


def value_at(question: str, span: Span, column: int, table: Table, operator: int) -> str:
    """The value of a condition whose value a network has marked by a span, which may be slightly off."""
    start, end = corrected_span(question, span, column, table)
    text = question[start:end].strip()
    cells = table_index(table).column(column)
    if table.types[column] == "text" and _ending_follows(question[end:], text, cells):
        return text
    return value_for(text, column, table, operator)


def corrected_span(question: str, span: Span, column: int, table: Table) -> Span:
    """The cell, number or date of the question with the greatest intersection over union with the span, if
    that is at least 0.5; else the span."""
    candidates = [match.span for match in cell_matches(question, table) if match.column == column]
    if table.types[column] == "real" or not candidates:
        candidates += [value[:2] for value in parsed_values(question)]
    best = max(candidates, key=lambda other: intersection_over_union(span, other), default=span)
    return best if intersection_over_union(span, best) >= 0.5 else span


def value_for(text: str, column: int, table: Table, operator: int) -> str:
    """The value of a condition on a column that a text stands for, as the competition labels it."""
    cells = table_index(table).column(column)
    text = text.strip()
    if text in cells.places:
        return text
    if (date := parse_date(text)) and (value := _date_value(text, cells)):
        return value
    if (table.types[column] == "real" or _are_numbers(cells)) and (numeral := _only_numeral(text)):
        return _number_value(text[numeral.start : numeral.end], numeral, table.header[column], cells)
    if operator in (EQUAL, UNEQUAL):
        return (most_similar_cell(text, cells) or text).strip()
    return date_forms(date)[0] if date else text


def _only_numeral(text: str) -> Numeral | None:
    """The number that a text is, or the only one in it."""
    numerals = find_numerals(text)
    return parse_number(text) or (numerals[0] if len(numerals) == 1 else None)


def _number_value(text: str, numeral: Numeral, header: str, cells: ColumnCells) -> str:
    """As written, if the column writes numbers so; never rounded."""
    plain = normalise_numerals(text)
    if _PLAIN_NUMBER.fullmatch(plain) and plain.endswith("%") == cells.are_percentages:
        return plain
    return in_unit(numeral, header, cells)


def _date_value(text: str, cells: ColumnCells) -> str | None:
    """A date as the column writes it: the cell that it is, else in the form of the column's dates."""
    wanted = parse_date(text)
    if wanted is None:
        return None
    forms = date_forms(wanted)
    for form in forms:
        if form in cells.places:
            return form
    exact = next((cell for date, cell in cells.dates if same_date(wanted, date)), None)
    if exact or not cells.texts:
        return exact
    shapes = {_shape(cell) for cell in cells.texts[:100]}
    return next((form for form in forms if _shape(form) in shapes), None)


def _shape(text: str) -> str:
    return re.sub(r"\d", "9", text)


def _are_numbers(cells: ColumnCells) -> bool:
    return bool(cells.texts) and not any(math.isnan(numeric_value(cell)) for cell in cells.texts[:100])


def _ending_follows(rest: str, text: str, cells: ColumnCells) -> bool:
    """Whether the question goes on with the ending that the cell has and the text has not: 叫远帆的公司."""
    following = next((ending for ending in NAME_ENDINGS if re.match(rf"的?{ending}", rest)), None)
    return (
        following is not None
        and text not in cells.places
        and any(text + ending in cells.places for ending in NAME_ENDINGS if ending.endswith(following))
    )


def header_unit(header: str) -> str:
    """万, 百万, 亿, % … at the end of a header: 销售量（万件） has 万; "" for a header without unit."""
    match = _HEADER_UNIT.search(normalise(header))
    return match["unit"] if match else ""


def in_unit(numeral: Numeral, header: str, cells: ColumnCells) -> str:
    """The number as the column writes numbers.

    Amounts written with 万 or 亿 are given in the unit of the header. Without one they are given in full if
    the column has numbers nearly as great, else in 万: in the training questions 1500万 is labelled 1500
    and 1亿 10000 (36 of 36), of columns whose headers have no unit and whose numbers are in 亿.
    """
    unit = header_unit(header)
    if numeral.scale > 1:
        in_full = abs(numeral.value) <= _MOST_TIMES * cells.magnitude
        return decimal_text(numeral.value / _SCALES.get(unit, 1 if in_full else WAN))
    if cells.are_percentages:
        share = not numeral.percent and _is_share(numeral)
        return decimal_text(numeral.value * 100 if share else numeral.value) + "%"
    if numeral.percent and unit != "%" and 0 < cells.magnitude <= 1:
        return decimal_text(numeral.value / 100)
    return decimal_text(numeral.value)


def _is_share(numeral: Numeral) -> bool:
    """三分之一 and 半 are shares of 100 %; 0.5 is the number itself."""
    return numeral.value.denominator > 1 and 10**4 % numeral.value.denominator != 0
