"""Cells of a table that stand in a question.

On the real tables this says more than anything else which column a value belongs to: 99.8 % of the values in
training conditions are found so, 94 % of the numbers and 98 % of the texts in no other column of the table.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.dates import dates
from tasks.nl2sql.linking.numerals import numerals
from tasks.nl2sql.linking.table_index import contents
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

_DATED = "年月日季时间期"
_BEFORE, _AFTER = '的和与及、,在区 “"', '和与及、,小这两的且 ”"'


class Mention(NamedTuple):
    """One cell in a question."""

    column: int
    start: int
    end: int
    """Characters of the question, half-open."""
    cell: str
    """As in the table; longer than the span where the question leaves out 公司, 项目, 市 or marks."""


def mentions(question: str, table: Table) -> list[Mention]:
    """Cells that the question holds, from left to right, the longer first, then by column.

    Texts are compared after `normalise`, numbers by value. A mention inside a longer one does not count,
    nor does a part of a number or of a Latin word, nor a cell of one character inside other words. Numbers of
    a date (2021年7月) are looked for only in columns of times and of texts.
    """
    kept = contents(table).mentions
    if question not in kept:
        kept.clear()
        kept[question] = _mentions(question, table)
    return list(kept[question])


def _mentions(question: str, table: Table) -> list[Mention]:
    texts = _outermost(_texts(normalise(question), table))
    taken = [(mention.start, mention.end) for mention in texts]
    numbers = (each for each in _numbers(question, table) if not _inside(each.start, each.end, taken))
    return sorted([*texts, *numbers], key=lambda mention: (mention.start, -mention.end, mention.column))


def _texts(text: str, table: Table) -> Iterator[Mention]:
    automaton = contents(table).automaton
    if not len(automaton):
        return
    for last, (length, cells) in automaton.iter(text):
        start, end = last + 1 - length, last + 1
        if _stands_alone(text, start, end):
            yield from (Mention(column, start, end, cell) for column, cell in cells)


def _numbers(question: str, table: Table) -> Iterator[Mention]:
    said = {(date.start, date.end) for date in dates(question)}
    values, columns, rows = contents(table).numbers
    for numeral in numerals(question):
        low, high = (
            int(np.searchsorted(values, float(numeral.value), side=side)) for side in ("left", "right")
        )
        dated = _inside(numeral.start, numeral.end, said)
        for column, row in zip(columns[low:high].tolist(), rows[low:high].tolist(), strict=True):
            if not dated or table.types[column] == "text" or set(_DATED) & set(table.header[column]):
                yield Mention(column, numeral.start, numeral.end, str(table.rows[row][column]))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether neither end cuts a number or a Latin word, and one character is more than part of a word."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if end - start == 1 and not (before in _BEFORE and after in _AFTER):
        return False
    return not (_joined(before, text[start]) or _joined(text[end - 1], after))


def _joined(left: str, right: str) -> bool:
    return (left.isdecimal() and right.isdecimal()) or (_is_latin(left) and _is_latin(right))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _outermost(found: Iterable[Mention]) -> list[Mention]:
    """Those that lie inside no longer one; a column's cell once for each span, the nearest in length."""
    best: dict[tuple[int, int, int], Mention] = {}
    for mention in found:
        place = mention[:3]
        if place not in best or len(mention.cell) < len(best[place].cell):
            best[place] = mention
    spans = {(mention.start, mention.end) for mention in best.values()}
    return [each for each in best.values() if not _inside(each.start, each.end, spans, strictly=True)]


def _inside(start: int, end: int, spans: Iterable[tuple[int, int]], *, strictly: bool = False) -> bool:
    return any(
        left <= start and end <= right and not (strictly and (left, right) == (start, end))
        for left, right in spans
    )
