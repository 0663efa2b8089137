"""Where a question repeats names of columns and cells of its table.

These marks say the same of a table that was never seen as of one that was learned by heart, which is why the
network reads them beside the characters.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.cell_mentions import mentions
from tasks.nl2sql.linking.numerals import numerals
from tasks.nl2sql.linking.table_index import contents
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

PAIRS = 14
"""Marks of a character and a column."""
NAME, CELL = 2, 9
"""Of these: it repeats this column's name, or a cell of it, more than another's."""
COLUMNS = 12
"""Marks of a column."""
SAMPLED = 500
"""Different cells of a column from which its nature is told."""
LONG = 16
"""Characters of a name or cell that is long."""
WINDOW = 8
"""Characters to either side within which parts of a name are seen together."""
SHOWN = 255

_BRACKETS = re.compile(r"[((\[].*?[))\]]")


class Marks(NamedTuple):
    """Marks of one question with its table; n characters, C columns."""

    pairs: np.ndarray
    """(C, n, PAIRS) uint8, 255 for 1"""
    columns: np.ndarray
    """(C, COLUMNS) float32 in [0, 1]"""


class Index:
    """What is looked for in the questions of one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        names = [normalise(name) for name in table.header]
        self._lengths = np.array([max(1, len(name)) for name in names])
        self._cores = np.array([max(1, len(_BRACKETS.sub("", name))) for name in names])
        self._codes = _joined(names)
        self._starts = np.cumsum([0, *(len(name) + 1 for name in names)])[:-1]

    @cached_property
    def _nature(self) -> np.ndarray:
        """(C, 6): type, percentages, different cells, their length, numbers among them, name's length."""
        found = [_nature(self._table, column) for column in range(len(self._table.header))]
        return np.array(found).reshape(-1, 6)

    def marks(self, text: str) -> Marks:
        """Marks of a question."""
        plain = normalise(text)
        pairs = np.zeros((len(plain), len(self._lengths), PAIRS), np.float32)
        self._mark_names(pairs, plain)
        self._mark_cells(pairs, text)
        self._mark_numbers(pairs, text)
        shown = np.round(np.clip(pairs, 0, 1) * SHOWN).astype(np.uint8)
        return Marks(np.ascontiguousarray(shown.transpose(1, 0, 2)), self._of_columns(pairs))

    def _mark_names(self, pairs: np.ndarray, plain: str) -> None:
        """0 to 7: runs of characters that a name and the question share."""
        own = np.array([ord(character) for character in plain], np.int64)
        equal = own[:, None] == self._codes[None]
        ahead, whole = _runs(equal)
        longest = self._of_names(whole)
        known = (longest >= 2) | (longest >= self._cores)
        pairs[..., 0] = longest / self._cores
        pairs[..., 1] = longest / 8
        pairs[..., 2] = known & (longest == longest.max(axis=1, keepdims=True))
        pairs[..., 3] = longest >= self._cores
        pairs[..., 4] = known & (self._of_names(whole * (ahead == 1)) == longest)
        pairs[..., 5] = known & (self._of_names(whole * (ahead == whole)) == longest)
        near = _near(equal & (whole >= 2))
        covered = np.add.reduceat(near, self._starts, axis=1) / self._lengths
        pairs[..., 6] = covered
        pairs[..., 7] = covered / np.maximum(covered.max(axis=1, keepdims=True), 1e-6)

    def _of_names(self, values: np.ndarray) -> np.ndarray:
        """(n, C): the largest over each name's characters of (n, characters of all names)."""
        return np.maximum.reduceat(values, self._starts, axis=1)

    def _mark_cells(self, pairs: np.ndarray, text: str) -> None:
        """8 to 11: cells that stand in the question, and whether no other column has a longer one there."""
        longest = np.zeros(pairs.shape[:2], np.int64)
        for mention in mentions(text, self._table):
            here, length = slice(mention.start, mention.end), mention.end - mention.start
            longest[here, mention.column] = np.maximum(longest[here, mention.column], length)
            pairs[here, mention.column, 8] = 1
            pairs[mention.start, mention.column, 10] = pairs[mention.end - 1, mention.column, 11] = 1
        pairs[..., 9] = (longest > 0) & (longest == longest.max(axis=1, keepdims=True))

    def _mark_numbers(self, pairs: np.ndarray, text: str) -> None:
        """12 and 13: numbers, where a column holds numbers and where it holds those of this kind."""
        real, percent = self._nature[:, 0] > 0, self._nature[:, 1] > 0
        for numeral in numerals(text):
            pairs[numeral.start : numeral.end, :, 12] = real
            pairs[numeral.start : numeral.end, :, 13] = real & (percent == numeral.percent)

    def _of_columns(self, pairs: np.ndarray) -> np.ndarray:
        """(C, COLUMNS) from what is seen anywhere in the question."""
        best = pairs.max(axis=0, initial=0)
        most = np.maximum(best.max(axis=0, initial=0), 1e-6)
        own = [best[:, 0], best[:, 1], best[:, 1] / most[1], best[:, 3], best[:, 6], best[:, 8]]
        return np.clip(np.concatenate([self._nature, np.stack(own, axis=1)], axis=1), 0, 1).astype(np.float32)


def _joined(names: Sequence[str]) -> np.ndarray:
    """Code points of all names, each followed by -1, which equals no character."""
    return np.array([code for name in names for code in [*map(ord, name), -1]], np.int64)


def _runs(equal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of (n, m) equal characters: place in the common run that each is part of, from 1, and its length."""
    ahead, whole = np.zeros(equal.shape, np.int64), np.zeros(equal.shape, np.int64)
    for row in range(len(equal)):
        ahead[row] = equal[row]
        if row:
            ahead[row, 1:] += ahead[row - 1, :-1] * equal[row, 1:]
    for row in reversed(range(len(equal))):
        whole[row] = ahead[row]
        if row + 1 < len(equal):
            goes_on = equal[row, :-1] & equal[row + 1, 1:]
            whole[row, :-1] = np.where(goes_on, whole[row + 1, 1:], whole[row, :-1])
    return ahead, whole


def _near(found: np.ndarray) -> np.ndarray:
    """(n, m) whether anything is found within `WINDOW` rows."""
    total = np.cumsum(np.pad(found.astype(np.int64), ((WINDOW + 1, WINDOW), (0, 0))), axis=0)
    return (total[2 * WINDOW + 1 :] - total[: -2 * WINDOW - 1] > 0).astype(np.float32)


def _nature(table: Table, column: int) -> list[float]:
    cells = contents(table).column(column)
    texts = cells.texts[:SAMPLED]
    length = sum(map(len, texts)) / max(1, len(texts))
    return [
        float(table.types[column] == "real"),
        float(cells.percent or "%" in normalise(table.header[column])),
        len(cells.texts) / max(1, len(table.rows)),
        length / LONG,
        float(np.isfinite(cells.figures[:SAMPLED]).mean()) if texts else 0.0,
        len(table.header[column]) / LONG,
    ]
