"""Find the cell of a column that a text refers to: equal, written otherwise, equal as a number or date, or
the most similar one."""

import math
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.dates import Date, parse_date, same_date
from tasks.nl2sql.linking.edit_distance import edit_distance
from tasks.nl2sql.linking.numerals import parse_number
from tasks.nl2sql.linking.plain_numbers import plain_number
from tasks.nl2sql.query.schema import Cell
from tasks.text.normalisation import normalise

LEAST_SIMILARITY = 0.6
"""Least similarity of a cell that a text may refer to."""
_EQUAL, _EQUAL_PLAIN_FORM, _EQUAL_VALUE, _PARTIAL = 1.0, 0.99, 0.98, 0.95
_MOST_COMPARED = 48
"""Cells whose edit distance is computed: those that share the greatest part of their characters."""
_LOOKALIKES = str.maketrans(
    "零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖拾佰仟λαβεμοτ",
    "00122345678" + "9123456789十百千aabemot",
    " ·•・.、，,;:/-—–_()[]【】{}《》<>“”\"'‘’",
)


class SimilarCell(NamedTuple):
    """A cell, and how similar it is to the text that it was searched by."""

    cell: str
    similarity: float
    """1 equal; .99 equal but for case, width, spaces, marks and numerals; .98 the same number or date; less
    for others."""


class ColumnCells:
    """The distinct cells of one column as text, with indexes to search them.

    Indexes are built at first use: indexing 100,000 cells by character takes about a second, a search then
    milliseconds.
    """

    def __init__(self, cells: Iterable[Cell]) -> None:
        distinct = dict.fromkeys(str(cell) for cell in cells if cell is not None and cell != "")
        self.places = {text: place for place, text in enumerate(distinct)}
        """By text its place in `texts`."""
        self.texts = tuple(distinct)

    @cached_property
    def plain_forms(self) -> tuple[str, ...]:
        """The plain form of each cell."""
        return tuple(plain_form(text) for text in self.texts)

    @cached_property
    def by_plain_form(self) -> dict[str, int]:
        """By plain form the place of the first cell that has it."""
        return {form: place for place, form in reversed(list(enumerate(self.plain_forms)))}

    @cached_property
    def numbers(self) -> np.ndarray:
        """(cells,) float64: the number that each cell is, 69.92 for 69.92%; NaN for other texts."""
        return np.array([numeric_value(text) for text in self.texts], np.float64)

    @cached_property
    def are_percentages(self) -> bool:
        """Whether more than half of the cells end with %."""
        return 2 * sum(text.endswith(("%", "％")) for text in self.texts) > len(self.texts)

    @cached_property
    def magnitude(self) -> float:
        """The 95th percentile of the absolute numbers; 0 without any.

        Not the greatest number: real columns in 亿 have a few rows in 万.
        """
        numbers = np.abs(self.numbers[~np.isnan(self.numbers)])
        return float(np.percentile(numbers, 95)) if len(numbers) else 0.0

    @cached_property
    def dates(self) -> tuple[tuple[Date, str], ...]:
        """The cells that are dates, each after the date it is."""
        parsed = ((parse_date(text), text) for text in self.texts)
        return tuple((date, text) for date, text in parsed if date)

    @cached_property
    def by_character(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """By character the places of the cells that have it, (n,) int32; and (cells,) int32, the number of
        distinct characters of each cell."""
        holders: dict[str, list[int]] = {}
        sizes = np.zeros(len(self.texts), np.int32)
        for place, form in enumerate(self.plain_forms):
            distinct = set(form)
            sizes[place] = len(distinct)
            for character in distinct:
                holders.setdefault(character, []).append(place)
        return {character: np.array(places, np.int32) for character, places in holders.items()}, sizes


def most_similar_cell(text: str, cells: ColumnCells, *, least: float = LEAST_SIMILARITY) -> str | None:
    """The cell that a text refers to; None where none is similar enough."""
    if text in cells.places:
        return text
    best = similar_cells(text, cells, limit=1)
    return best[0].cell if best and best[0].similarity >= least else None


def similar_cells(text: str, cells: ColumnCells, *, limit: int = 10) -> list[SimilarCell]:
    """The most similar cells, by falling similarity, then in the table's order."""
    found = {place: _EQUAL_PLAIN_FORM for place in _equal_plain_form(text, cells)} or {
        place: _EQUAL_VALUE for place in _equal_value(text, cells)
    }
    if text in cells.places:
        found[cells.places[text]] = _EQUAL
    if not found or limit > len(found):
        plain = plain_form(text)
        for place in _most_shared_characters(plain, cells):
            found.setdefault(int(place), similarity(plain, cells.plain_forms[place]))
    order = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [SimilarCell(cells.texts[place], degree) for place, degree in order[:limit]]


def similarity(one: str, other: str) -> float:
    """Similarity of two plain forms, 0 to .99, by edit distance; if one contains the other, also by the part
    that it covers.

    >>> similarity("青石花园", "青石花园")
    0.99
    """
    if one == other:
        return _EQUAL_PLAIN_FORM
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    edited = 1 - edit_distance(one, other) / longer
    if shorter > 1 and (one in other or other in one):
        return _PARTIAL * max(edited, 0.5 + 0.5 * shorter / longer)
    return _PARTIAL * edited


def plain_form(text: str) -> str:
    """Half width, lower case, without spaces, marks and brackets; numerals and Greek letters become the
    digits and Latin letters that they look like: 壹号院 and 1号院, MOMΛ and MOMA become the same.
    """
    wide = normalise(unicodedata.normalize("NFKC", text))
    return wide.translate(_LOOKALIKES) or wide


def numeric_value(cell: Cell) -> float:
    """The number that a cell is, before its % if it has one; NaN for other cells.

    >>> numeric_value("69.92%"), numeric_value("1,500"), numeric_value("12万")
    (69.92, 1500.0, nan)
    """
    if isinstance(cell, str):
        return plain_number(cell)
    return math.nan if cell is None else float(cell)


def _equal_plain_form(text: str, cells: ColumnCells) -> list[int]:
    place = cells.by_plain_form.get(plain_form(text))
    # 1.5 and 15 have one plain form, and are not equal
    return [] if place is None or not math.isnan(cells.numbers[place]) else [place]


def _equal_value(text: str, cells: ColumnCells) -> list[int]:
    """Places of the cells that are the same date or the same number."""
    if wanted := parse_date(text):
        return [cells.places[cell] for date, cell in cells.dates if same_date(wanted, date)]
    if numeral := parse_number(text):
        return np.flatnonzero(cells.numbers == float(numeral.value)).tolist()
    return []


def _most_shared_characters(plain: str, cells: ColumnCells) -> np.ndarray:
    """(at most `_MOST_COMPARED`,) int64: places by falling Dice coefficient of distinct characters."""
    holders, sizes = cells.by_character
    known = [holders[character] for character in set(plain) if character in holders]
    if not known:
        return np.zeros(0, np.int64)
    shared = np.bincount(np.concatenate(known), minlength=len(sizes))
    share = 2 * shared / (sizes + len(set(plain)))
    count = min(_MOST_COMPARED, int((shared > 0).sum()))
    best = np.argpartition(-share, count - 1)[:count]
    return best[np.lexsort((best, -share[best]))]
