"""Statistics of a table for augmentation: the names of its columns, and the cells they hold."""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tasks.nl2sql.query.schema import Cell, Table

LONGEST_CELL = 40
"""Characters of the longest cell that is put into a question."""
HISTOGRAM_SIZE = 512
"""Buckets that count the characters of a column's cells; rare ones may share a bucket."""
KIND_SAMPLE = 50
"""Cells from which the kind of a column is determined."""

_BRACKET = re.compile(r"[（(][^（()）]*[)）]$")
_UNIT = re.compile(r"[（(]([^（()）]{1,3})[)）]$")
_NUMBER = re.compile(r"-?(\d+)(\.\d+)?(%?)", re.ASCII)
_DATE = re.compile(r"\d+[-/年.]\d+([-/月.]\d*.*)?")
_SEVERAL = re.compile(r"[,，;；、\n\"]")


def cell_texts(cells: Sequence[Cell]) -> list[str]:
    """The cells as a question writes them; an empty one is ``.

    124.0 is `124` in a column of whole numbers, and `124.0` among fractions.

    >>> cell_texts([124.0, None, 3.0])
    ['124', '', '3']
    """
    numbers = [cell for cell in cells if isinstance(cell, float)]
    if all(map(float.is_integer, numbers)):
        cells = [int(cell) if isinstance(cell, float) else cell for cell in cells]
    return ["" if cell is None else str(cell).strip() for cell in cells]


def number_form(value: str) -> str:
    """The form of a number: its digits before the point, a point if it has a fraction, and `%` if it has one;
    `` for other texts.

    Numbers of one form can replace each other in a sentence.

    >>> number_form("31.43%"), number_form("7")
    ('00.%', '0')
    """
    number = _NUMBER.fullmatch(value)
    return "0" * len(number[1]) + "." * bool(number[2]) + number[3] if number else ""


class ColumnStatistics:
    """One column of a table."""

    def __init__(self, name: str, type: str, cells: Sequence[Cell]) -> None:
        self.name, self.type = name, type
        self.cells = tuple(dict.fromkeys(filter(None, cell_texts(cells))))
        """Distinct cells as written, in the order of the rows."""

    @property
    def unit(self) -> str:
        """What stands in brackets at the end of the name, up to three characters; `` for other names."""
        found = _UNIT.search(self.name)
        return found[1] if found else ""

    @cached_property
    def kind(self) -> str:
        """The most frequent kind: `percent`, `fraction`, `count`, `date` or `words`; `` without cells."""
        kinds = list(map(_kind, self.cells[:KIND_SAMPLE]))
        return max(sorted(set(kinds)), key=kinds.count, default="")

    @cached_property
    def by_form(self) -> dict[str, list[str]]:
        """Cells that may be put into a question, by number form in a `real` column; else all under ``."""
        cells: dict[str, list[str]] = {}
        for cell in self.cells:
            if len(cell) <= LONGEST_CELL and not _SEVERAL.search(cell):
                cells.setdefault(number_form(cell) if self.type == "real" else "", []).append(cell)
        return cells

    @cached_property
    def usable(self) -> list[str]:
        """All cells that may be put into a question."""
        return [cell for cells in self.by_form.values() for cell in cells]

    @cached_property
    def usable_numbers(self) -> list[str]:
        """Those of them that are numbers, in columns compared by size: numbers, and texts of percentages."""
        if self.kind != "percent" and (self.type != "real" or self.kind not in ("count", "fraction")):
            return []
        return [cell for cell in self.usable if number_form(cell)]

    def replacements(self, value: str) -> list[str]:
        """Cells that can replace the value in a sentence, including itself if it is one."""
        return self.by_form.get(number_form(value) if self.type == "real" else "", [])

    @cached_property
    def cell_set(self) -> frozenset[str]:
        """All cells as a set."""
        return frozenset(self.cells)

    @cached_property
    def character_histogram(self) -> np.ndarray:
        """(HISTOGRAM_SIZE,) float64, L2-normalised: frequencies of characters in the cells."""
        codes = np.frombuffer("".join(self.cells).encode("utf-32-le", "surrogatepass"), np.uint32)
        counts = np.bincount(codes % HISTOGRAM_SIZE, minlength=HISTOGRAM_SIZE).astype(np.float64)
        return counts / max(float(np.linalg.norm(counts)), 1.0)


class TableStatistics:
    """The columns of one table."""

    def __init__(self, table: Table) -> None:
        self.id, self.title, self.header = table.id, table.title, table.header
        cells: list[tuple[Cell, ...]] = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
        self.columns = list(map(ColumnStatistics, table.header, table.types, cells))

    @cached_property
    def names(self) -> dict[str, int]:
        """Column by each name that identifies it, the longest first.

        A name is the header, or the header without the brackets at its end: 绿化率 for 绿化率(%), unless that
        is the header of another column. Names of several columns are left out.
        """
        whole: dict[str, set[int]] = {}
        cut: dict[str, set[int]] = {}
        for place, name in enumerate(self.header):
            whole.setdefault(name, set()).add(place)
            once = _BRACKET.sub("", name)
            for shorter in {once, _BRACKET.sub("", once)} - set(self.header):
                cut.setdefault(shorter, set()).add(place)
        owners = (whole | cut).items()
        unique = {name: place for name, (place, *others) in owners if name and not others}
        return dict(sorted(unique.items(), key=lambda entry: -len(entry[0])))

    @cached_property
    def names_for_questions(self) -> dict[int, list[str]]:
        """Names for each column in a new question: those without a unit, if there are any."""
        by_column: dict[int, list[str]] = {}
        for name, place in self.names.items():
            by_column.setdefault(place, []).append(name)
        for place, names in by_column.items():
            by_column[place] = [name for name in names if not _UNIT.search(name)] or names
        return by_column

    @cached_property
    def by_kind(self) -> dict[tuple[str, str], list[int]]:
        """Columns that have a name and cells to draw, by type and kind."""
        by_kind: dict[tuple[str, str], list[int]] = {}
        for place in sorted(self.names_for_questions):
            if (column := self.columns[place]).usable:
                by_kind.setdefault((column.type, column.kind), []).append(place)
        return by_kind

    def of_same_kind(self, column: ColumnStatistics) -> list[int]:
        """Columns of this table whose cells are of the same type and kind."""
        return self.by_kind.get((column.type, column.kind), [])


def _kind(value: str) -> str:
    if number := _NUMBER.fullmatch(value):
        return "percent" if number[3] else "fraction" if number[2] else "count"
    return "date" if _DATE.fullmatch(value) else "words"
