"""Cells of a table that occur in a question.

On the real tables this is the strongest evidence of a value's column: 99.8 % of the values in training
conditions are found so, 94 % of the numbers and 98 % of the texts in no other column of the table.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.dates import find_dates
from tasks.nl2sql.linking.numerals import find_numerals
from tasks.nl2sql.linking.spans import Span, contains
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

_DATE_HEADER = "年月日季时间期"
_BEFORE, _AFTER = '的和与及、,在区 “"', '和与及、,小这两的且 ”"'


class CellMatch(NamedTuple):
    """One cell that occurs in a question."""

    column: int
    start: int
    end: int
    """Characters of the question, half-open."""
    cell: str
    """As in the table; longer than the span where the question leaves out 公司, 项目, 市 or marks."""

    @property
    def span(self) -> Span:
        return self.start, self.end


def cell_matches(question: str, table: Table) -> list[CellMatch]:
    """Cells that occur in the question, from left to right, the longer first, then by column.

    Texts are compared after `normalise`, numbers by value. A match inside a longer one does not count, nor
    does a part of a number or of a Latin word, nor a cell of one character inside other words; a numeral of
    one character that is a text (², ½, Ⅳ, ①) is no part of Chinese words. Numbers of a date (2021年7月) match
    only columns of times and of texts.
    """
    cache = table_index(table).matches
    if question not in cache:
        cache.clear()
        cache[question] = _find_matches(question, table)
    return list(cache[question])


def _find_matches(question: str, table: Table) -> list[CellMatch]:
    texts = _outermost(_text_matches(normalise(question), table), question)
    taken = [match.span for match in texts]
    numbers = (match for match in _number_matches(question, table) if not _is_inside(match.span, taken))
    return sorted([*texts, *numbers], key=lambda match: (match.start, -match.end, match.column))


def _text_matches(text: str, table: Table) -> Iterator[CellMatch]:
    automaton = table_index(table).automaton
    if not len(automaton):
        return
    for last, (length, cells) in automaton.iter(text):
        start, end = last + 1 - length, last + 1
        yield from (
            CellMatch(column, start, end, cell) for column, cell in _mentioned(text, start, end, cells)
        )


def _number_matches(question: str, table: Table) -> Iterator[CellMatch]:
    date_spans = {date[:2] for date in find_dates(question)}
    values, columns, rows = table_index(table).numbers
    for numeral in find_numerals(question):
        same = slice(
            *(np.searchsorted(values, float(numeral.value), side=side) for side in ("left", "right"))
        )
        in_date = _is_inside(numeral[:2], date_spans)
        for column, row in zip(columns[same].tolist(), rows[same].tolist(), strict=True):
            if not in_date or table.types[column] == "text" or set(_DATE_HEADER) & set(table.header[column]):
                yield CellMatch(column, numeral.start, numeral.end, str(table.rows[row][column]))


def _mentioned(
    text: str, start: int, end: int, cells: Sequence[tuple[int, str]]
) -> Iterable[tuple[int, str]]:
    """Of the cells that have this spelling those that the text mentions there."""
    is_whole_word = _is_whole_word(text, start, end)
    if end - start > 1 or not _is_numeral(text[start]):
        return cells if is_whole_word else ()
    is_alone = _is_alone(text, start)
    return [each for each in cells if (is_alone if len(each[1].strip()) == 1 else is_whole_word)]


def _is_whole_word(text: str, start: int, end: int) -> bool:
    """Whether neither end cuts a number or a Latin word, and a single character is not part of a word."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    if end - start == 1 and not (before in _BEFORE and after in _AFTER):
        return False
    return not (_are_one_word(before, text[start]) or _are_one_word(text[end - 1], after))


def _is_numeral(character: str) -> bool:
    """Whether it is a digit of any script, ², ½, Ⅳ or ①; 〇 is a character of Chinese numbers, as 一 is."""
    return unicodedata.category(character) in ("Nd", "Nl", "No") and character != "〇"


def _is_alone(text: str, place: int) -> bool:
    """Whether the numeral there is no part of a longer number or Latin word: 1.5, 1½, ①②, m², 3-Ⅳ."""
    if text[place].isascii():
        return any(numeral[:2] == (place, place + 1) for numeral in find_numerals(text))
    beside = text[max(place - 1, 0) : place] + text[place + 1 : place + 2]
    return not any(_is_numeral(each) or re.match(r"[\w./^-]", each, re.ASCII) for each in beside)


def _are_one_word(left: str, right: str) -> bool:
    pair = left, right
    is_latin = all(character.isascii() and character.isalpha() for character in pair)
    return is_latin or all(map(str.isdecimal, pair))


def _outermost(matches: Iterable[CellMatch], question: str) -> list[CellMatch]:
    """The matches inside no longer one; of a column one cell for each span, the nearest in length, and of
    1E3 and 1e3 the one that is written there."""

    def distance(match: CellMatch) -> tuple[int, bool]:
        return len(match.cell), match.cell != question[slice(*match.span)]

    best: dict[tuple[int, int, int], CellMatch] = {}
    for match in matches:
        best[match[:3]] = min(best.get(match[:3], match), match, key=distance)
    spans = {match.span for match in best.values()}
    return [match for match in best.values() if not _is_inside(match.span, spans - {match.span})]


def _is_inside(span: Span, spans: Iterable[Span]) -> bool:
    return any(contains(other, span) for other in spans)
