"""The cell that was meant: exactly, written otherwise, as a number or a date, or the most similar one."""

import math
import unicodedata
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.dates import Date, date, same
from tasks.nl2sql.linking.edit_distance import distance
from tasks.nl2sql.linking.numerals import number
from tasks.nl2sql.query.schema import Cell
from tasks.text.normalisation import normalise

LIKE = 0.6
"""Least similarity of a cell that may have been meant."""
_EXACT, _PLAIN, _SAME, _PART = 1.0, 0.99, 0.98, 0.95
_COMPARED = 48
"""Cells whose edit distance is computed: those that share the greatest part of their characters."""
_ALIKE = str.maketrans(
    "零〇一二两三四五六七八九壹贰叁肆伍陆柒捌玖拾佰仟λαβεμοτ",
    "00122345678" + "9123456789十百千aabemot",
    " ·•・.、，,;:/-—–_()[]【】{}《》<>“”\"'‘’",
)


class Match(NamedTuple):
    """A cell, and how like it is to what was asked for."""

    cell: str
    similarity: float
    """1 equal; .99 equal but for case, width, spaces, marks and numerals; .98 the same number or date; less
    for others."""


class Cells:
    """The different cells of one column, as text, with what makes them quick to find.

    Indexes are built when first asked for: 100,000 cells are indexed by character in about a second, and
    then searched in milliseconds.
    """

    def __init__(self, cells: Iterable[Cell]) -> None:
        kept = dict.fromkeys(str(cell) for cell in cells if cell is not None and cell != "")
        self.places = {text: place for place, text in enumerate(kept)}
        self.texts = tuple(kept)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The plain form of each cell."""
        return tuple(plain(text) for text in self.texts)

    @cached_property
    def plain(self) -> dict[str, int]:
        """By plain form the first cell that has it."""
        return {form: place for place, form in reversed(list(enumerate(self.forms)))}

    @cached_property
    def figures(self) -> np.ndarray:
        """(cells,) float64: the number that each cell is, 69.92 for 69.92%; NaN for other texts."""
        return np.array([figure(text) for text in self.texts], np.float64)

    @cached_property
    def percent(self) -> bool:
        """Whether most of its cells end with %."""
        return 2 * sum(text.endswith(("%", "％")) for text in self.texts) > len(self.texts)

    @cached_property
    def reach(self) -> float:
        """How great its numbers are: 95 % are at most this; 0 without any.

        Not the greatest: in real columns of 亿 a few rows of 万 stand.
        """
        numbers = np.abs(self.figures[~np.isnan(self.figures)])
        return float(np.percentile(numbers, 95)) if len(numbers) else 0.0

    @cached_property
    def dates(self) -> tuple[tuple[Date, str], ...]:
        """The cells that are dates."""
        read = ((date(text), text) for text in self.texts)
        return tuple((found, text) for found, text in read if found)

    @cached_property
    def characters(self) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """By character the cells that have it, (n,) int32; and how many different ones each cell has."""
        holders: dict[str, list[int]] = {}
        sizes = np.zeros(len(self.texts), np.int32)
        for place, form in enumerate(self.forms):
            different = set(form)
            sizes[place] = len(different)
            for character in different:
                holders.setdefault(character, []).append(place)
        return {character: np.array(places, np.int32) for character, places in holders.items()}, sizes


def meant(text: str, cells: Cells, *, like: float = LIKE) -> str | None:
    """The cell that a text means; None where none is similar enough."""
    if text in cells.places:
        return text
    best = ranked(text, cells, limit=1)
    return best[0].cell if best and best[0].similarity >= like else None


def ranked(text: str, cells: Cells, *, limit: int = 10) -> list[Match]:
    """The most similar cells, best first, among equals in order of the table."""
    found = {place: _PLAIN for place in _equal(text, cells)} or {
        place: _SAME for place in _alike(text, cells)
    }
    if text in cells.places:
        found[cells.places[text]] = _EXACT
    if not found or limit > len(found):
        short = plain(text)
        for place in _sharing(short, cells):
            found.setdefault(int(place), similarity(short, cells.forms[place]))
    order = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Match(cells.texts[place], degree) for place, degree in order[:limit]]


def similarity(one: str, other: str) -> float:
    """Of two plain forms, 0 to .99: by edit distance, or by what the shorter one, if contained, covers."""
    if one == other:
        return _PLAIN
    longer, shorter = max(len(one), len(other)), min(len(one), len(other))
    edited = 1 - distance(one, other) / longer
    if shorter > 1 and (one in other or other in one):
        return _PART * max(edited, 0.5 + 0.5 * shorter / longer)
    return _PART * edited


def plain(text: str) -> str:
    """Half width, lower case, no spaces, marks and brackets; numerals and Greek letters as the digits and
    Latin letters that they look like: 壹号院 and 1号院, MOMΛ and MOMA become the same.
    """
    wide = normalise(unicodedata.normalize("NFKC", text))
    return wide.translate(_ALIKE) or wide


def figure(cell: Cell) -> float:
    """The number that a cell is, before its % if it has one; NaN for other cells."""
    if isinstance(cell, str):
        try:
            return _finite(float(cell.rstrip("%％ ").replace(",", "")))
        except ValueError:
            return math.nan
    return math.nan if cell is None else float(cell)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def _equal(text: str, cells: Cells) -> list[int]:
    place = cells.plain.get(plain(text))
    # 1.5 and 15 must not be equal for want of a mark
    if place is None or not math.isnan(cells.figures[place]):
        return []
    return [place]


def _alike(text: str, cells: Cells) -> list[int]:
    """Cells that are the same number or the same date."""
    if asked := date(text):
        return [cells.places[cell] for found, cell in cells.dates if same(asked, found)]
    if asked_number := number(text):
        return np.flatnonzero(cells.figures == float(asked_number.value)).tolist()
    return []


def _sharing(short: str, cells: Cells) -> np.ndarray:
    """The cells most of whose characters are those of a plain text and whose are the text's."""
    holders, sizes = cells.characters
    asked = [holders[character] for character in set(short) if character in holders]
    if not asked:
        return np.zeros(0, np.int64)
    shared = np.bincount(np.concatenate(asked), minlength=len(sizes))
    share = 2 * shared / (sizes + len(set(short)))
    count = min(_COMPARED, int((shared > 0).sum()))
    best = np.argpartition(-share, count - 1)[:count]
    return best[np.lexsort((best, -share[best]))]
