"""Features of where a question repeats names of columns and cells of its table.

They mean the same for a table never trained on as for one that a network has memorised; the network therefore
gets them in addition to the characters.
"""

from collections.abc import Sequence
from enum import IntEnum, auto
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.column_names import without_brackets
from tasks.nl2sql.linking.numerals import find_numerals
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.query.schema import Table
from tasks.text.normalisation import normalise

SAMPLE_CELLS = 500
"""Distinct cells of a column from which its properties are computed."""
LONG = 16
"""Characters of a name or cell whose length feature is 1."""
WINDOW = 8
"""Characters to either side within which pieces of a name count together."""
SCALE = 255
"""Stored value of a feature that is 1."""


class PairFeature(IntEnum):
    """Channels of a character and a column."""

    NAME_SHARE = 0
    """Length of the run that the question and the column's name share at this character, of the name's length
    without brackets."""
    NAME_LENGTH = auto()
    """That length, 1 for 8 characters."""
    NAME_LONGEST = auto()
    """The run is significant, and no other column's is longer."""
    NAME_WHOLE = auto()
    """The run is at least as long as the name without brackets."""
    NAME_START = auto()
    NAME_END = auto()
    """First and last character of a significant run."""
    NAME_COVERAGE = auto()
    """Part of the name that occurs within `WINDOW` characters."""
    NAME_COVERAGE_RATIO = auto()
    """That part, of the best column's."""
    CELL = auto()
    """Inside a cell of the column."""
    CELL_LONGEST = auto()
    """That cell is the longest of all columns' here."""
    CELL_START = auto()
    CELL_END = auto()
    NUMBER = auto()
    """Inside a number, and the column holds numbers."""
    NUMBER_KIND = auto()
    """Inside a number, and the column holds numbers of this kind: percentages or others."""


class ColumnFeature(IntEnum):
    """Channels of a column; from `BEST_SHARE` on the largest values of `PairFeature`s in the question."""

    REAL = 0
    PERCENT = auto()
    DISTINCT_CELLS = auto()
    CELL_LENGTH = auto()
    NUMERIC_CELLS = auto()
    NAME_LENGTH = auto()
    BEST_SHARE = auto()
    BEST_LENGTH = auto()
    BEST_LENGTH_RATIO = auto()
    BEST_WHOLE = auto()
    BEST_COVERAGE = auto()
    BEST_CELL = auto()


_PROPERTIES = ColumnFeature.BEST_SHARE
"""Features that are properties of the column, whatever the question."""


class MatchFeatures(NamedTuple):
    """Features of one question with its table; n characters, C columns."""

    pairs: np.ndarray
    """(C, n, len(PairFeature)) uint8, `SCALE` for 1"""
    columns: np.ndarray
    """(C, len(ColumnFeature)) float32 in [0, 1]"""


class FeatureExtractor:
    """Computes the features of questions about one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        names = [normalise(name) for name in table.header]
        self._lengths = np.array([max(1, len(name)) for name in names])
        self._core_lengths = np.array([max(1, len(without_brackets(name))) for name in names])
        self._codes = _joined(names)
        self._starts = np.cumsum([0, *(len(name) + 1 for name in names)])[:-1]

    @cached_property
    def _properties(self) -> np.ndarray:
        """(C, 6): the first channels of `ColumnFeature`."""
        rows = [_column_properties(self._table, column) for column in range(len(self._table.header))]
        return np.array(rows).reshape(-1, _PROPERTIES)

    def features(self, text: str) -> MatchFeatures:
        """Features of a question."""
        plain = normalise(text)
        pairs = np.zeros((len(plain), len(self._lengths), len(PairFeature)), np.float32)
        self._set_names(pairs, plain)
        self._set_cells(pairs, text)
        self._set_numbers(pairs, text)
        scaled = np.round(np.clip(pairs, 0, 1) * SCALE).astype(np.uint8)
        return MatchFeatures(np.ascontiguousarray(scaled.transpose(1, 0, 2)), self._column_features(pairs))

    def _set_names(self, pairs: np.ndarray, plain: str) -> None:
        """Runs of characters that a name and the question share; significant from two characters on, or if
        whole."""
        characters = np.array([ord(character) for character in plain], np.int64)
        equal = characters[:, None] == self._codes[None]
        position, length = _runs(equal)
        longest = self._largest_by_name(length)
        significant = (longest >= 2) | (longest >= self._core_lengths)
        starts, ends = self._largest_by_name(length * (position == 1)), length * (position == length)
        pairs[..., PairFeature.NAME_SHARE] = longest / self._core_lengths
        pairs[..., PairFeature.NAME_LENGTH] = longest / 8
        pairs[..., PairFeature.NAME_LONGEST] = significant & (longest == longest.max(axis=1, keepdims=True))
        pairs[..., PairFeature.NAME_WHOLE] = longest >= self._core_lengths
        pairs[..., PairFeature.NAME_START] = significant & (starts == longest)
        pairs[..., PairFeature.NAME_END] = significant & (self._largest_by_name(ends) == longest)
        near = _within_window(equal & (length >= 2))
        coverage = np.add.reduceat(near, self._starts, axis=1) / self._lengths
        best = np.maximum(coverage.max(axis=1, keepdims=True), 1e-6)
        pairs[..., PairFeature.NAME_COVERAGE] = coverage
        pairs[..., PairFeature.NAME_COVERAGE_RATIO] = coverage / best

    def _largest_by_name(self, values: np.ndarray) -> np.ndarray:
        """(n, C): the largest over each name's characters of (n, characters of all names)."""
        return np.maximum.reduceat(values, self._starts, axis=1)

    def _set_cells(self, pairs: np.ndarray, text: str) -> None:
        """Cells that occur in the question."""
        longest = np.zeros(pairs.shape[:2], np.int64)
        for column, start, end, _ in cell_matches(text, self._table):
            span = slice(start, end)
            longest[span, column] = np.maximum(longest[span, column], end - start)
            pairs[span, column, PairFeature.CELL] = 1
            pairs[start, column, PairFeature.CELL_START] = pairs[end - 1, column, PairFeature.CELL_END] = 1
        is_longest = (longest > 0) & (longest == longest.max(axis=1, keepdims=True))
        pairs[..., PairFeature.CELL_LONGEST] = is_longest

    def _set_numbers(self, pairs: np.ndarray, text: str) -> None:
        """Numbers in the question."""
        real, percent = self._properties[:, [ColumnFeature.REAL, ColumnFeature.PERCENT]].T > 0
        for numeral in find_numerals(text):
            span = slice(numeral.start, numeral.end)
            pairs[span, :, PairFeature.NUMBER] = real
            pairs[span, :, PairFeature.NUMBER_KIND] = real & (percent == numeral.percent)

    def _column_features(self, pairs: np.ndarray) -> np.ndarray:
        """(C, len(ColumnFeature)) from the largest values anywhere in the question."""
        best = pairs.max(axis=0, initial=0)
        share, length = best[:, PairFeature.NAME_SHARE], best[:, PairFeature.NAME_LENGTH]
        length_ratio = length / np.maximum(length.max(initial=0), 1e-6)
        others = best[:, [PairFeature.NAME_WHOLE, PairFeature.NAME_COVERAGE, PairFeature.CELL]].T
        largest = np.stack([share, length, length_ratio, *others], axis=1)
        features = np.concatenate([self._properties, largest], axis=1)
        return np.clip(features, 0, 1).astype(np.float32)


def _joined(names: Sequence[str]) -> np.ndarray:
    """Code points of all names, each followed by -1, which equals no character."""
    return np.array([code for name in names for code in [*map(ord, name), -1]], np.int64)


def _runs(equal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of (n, m) equal characters: position in the common run that each is part of, from 1, and its length."""
    position, length = np.zeros(equal.shape, np.int64), np.zeros(equal.shape, np.int64)
    for row in range(len(equal)):
        position[row] = equal[row]
        if row:
            position[row, 1:] += position[row - 1, :-1] * equal[row, 1:]
    for row in reversed(range(len(equal))):
        length[row] = position[row]
        if row + 1 < len(equal):
            continues = equal[row, :-1] & equal[row + 1, 1:]
            length[row, :-1] = np.where(continues, length[row + 1, 1:], length[row, :-1])
    return position, length


def _within_window(flags: np.ndarray) -> np.ndarray:
    """(n, m) float32: whether any flag within `WINDOW` rows is set."""
    total = np.cumsum(np.pad(flags.astype(np.int64), ((WINDOW + 1, WINDOW), (0, 0))), axis=0)
    return (total[2 * WINDOW + 1 :] - total[: -2 * WINDOW - 1] > 0).astype(np.float32)


def _column_properties(table: Table, column: int) -> list[float]:
    """The first channels of `ColumnFeature`."""
    cells = table_index(table).column(column)
    texts = cells.texts[:SAMPLE_CELLS]
    length = sum(map(len, texts)) / max(1, len(texts))
    return [
        float(table.types[column] == "real"),
        float(cells.are_percentages or "%" in normalise(table.header[column])),
        len(cells.texts) / max(1, len(table.rows)),
        length / LONG,
        float(np.isfinite(cells.numbers[:SAMPLE_CELLS]).mean()) if texts else 0.0,
        len(table.header[column]) / LONG,
    ]
