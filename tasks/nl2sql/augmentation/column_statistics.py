"""What augmentation needs to know of a table: how its columns are called, and the cells they hold."""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from tasks.nl2sql.query.schema import Cell, Table

LONGEST = 40
"""Characters of the longest cell that is put into a question."""
WIDTH = 512
"""Slots that count the characters of a column's cells; rare ones may share a slot."""
SAMPLE = 50
"""Cells that tell of what kind a column is."""

_BRACKET = re.compile(r"[（(][^（()）]*[)）]$")
_UNIT = re.compile(r"[（(][^（()）]{1,3}[)）]$")
_NUMBER = re.compile(r"-?(\d+)(\.\d+)?(%?)")
_DATE = re.compile(r"\d+[-/年.]\d+([-/月.]\d*.*)?")
_SEVERAL = re.compile(r"[,，;；、\n\"]")


def written(cells: Sequence[Cell]) -> list[str]:
    """The cells as a question writes them; an empty one is ``.

    124.0 is `124` in a column of whole numbers, and `124.0` among fractions.
    """
    numbers = [cell for cell in cells if isinstance(cell, float)]
    if all(map(float.is_integer, numbers)):
        cells = [int(cell) if isinstance(cell, float) else cell for cell in cells]
    return ["" if cell is None else str(cell).strip() for cell in cells]


def form(value: str) -> str:
    """How a number looks: as many digits before the point, a fraction or none, `%` or none; `` if it is none.

    Numbers of one form may stand for each other in a sentence.
    """
    number = _NUMBER.fullmatch(value)
    return "0" * len(number[1]) + "." * bool(number[2]) + number[3] if number else ""


class Column:
    """One column of a table."""

    def __init__(self, name: str, type: str, cells: Sequence[Cell]) -> None:
        self.name, self.type = name, type
        self.cells = tuple(dict.fromkeys(filter(None, written(cells))))
        """Distinct cells as written, in the order of the rows."""

    @cached_property
    def kind(self) -> str:
        """What most cells are: `percent`, `fraction`, `count`, `date` or `words`; `` if there are none."""
        found = list(map(_kind, self.cells[:SAMPLE]))
        return max(sorted(set(found)), key=found.count, default="")

    @cached_property
    def by_form(self) -> dict[str, list[str]]:
        """Cells a question may hold, by the form of numbers in a `real` column; else all under ``."""
        found: dict[str, list[str]] = {}
        for cell in self.cells:
            if len(cell) <= LONGEST and not _SEVERAL.search(cell):
                found.setdefault(form(cell) if self.type == "real" else "", []).append(cell)
        return found

    @cached_property
    def usable(self) -> list[str]:
        """All cells that a question may hold."""
        return [cell for cells in self.by_form.values() for cell in cells]

    def like(self, value: str) -> list[str]:
        """Cells that may stand for the value in a sentence, and itself if it is one."""
        return self.by_form.get(form(value) if self.type == "real" else "", [])

    @cached_property
    def members(self) -> frozenset[str]:
        """All cells as a set."""
        return frozenset(self.cells)

    @cached_property
    def profile(self) -> np.ndarray:
        """(WIDTH,) float64 of length 1: how frequent each character is in the cells."""
        codes = np.frombuffer("".join(self.cells).encode("utf-32-le", "surrogatepass"), np.uint32)
        counts = np.bincount(codes % WIDTH, minlength=WIDTH).astype(np.float64)
        return counts / max(float(np.linalg.norm(counts)), 1.0)


class Columns:
    """The columns of one table."""

    def __init__(self, table: Table) -> None:
        self.id, self.title, self.header = table.id, table.title, table.header
        cells: list[tuple[Cell, ...]] = list(zip(*table.rows, strict=True))
        self.all = list(map(Column, table.header, table.types, cells or [()] * len(table.header)))

    @cached_property
    def names(self) -> dict[str, int]:
        """Column by each name that a question may call it by, the longest first.

        A name is the header, or the header without the brackets at its end: 绿化率 for 绿化率(%), unless
        another column is called so. No name is two columns'.
        """
        whole: dict[str, set[int]] = {}
        cut: dict[str, set[int]] = {}
        for place, name in enumerate(self.header):
            whole.setdefault(name, set()).add(place)
            once = _BRACKET.sub("", name)
            for shorter in {once, _BRACKET.sub("", once)} - set(self.header):
                cut.setdefault(shorter, set()).add(place)
        owners = (whole | cut).items()
        found = {name: place for name, (place, *others) in owners if name and not others}
        return dict(sorted(found.items(), key=lambda entry: -len(entry[0])))

    @cached_property
    def called(self) -> dict[int, list[str]]:
        """Names that a new question calls each column by: without its unit, where it has a name without."""
        found: dict[int, list[str]] = {}
        for name, place in self.names.items():
            found.setdefault(place, []).append(name)
        return {
            place: [name for name in names if not _UNIT.search(name)] or names
            for place, names in found.items()
        }

    @cached_property
    def alike(self) -> dict[tuple[str, str], list[int]]:
        """Columns that have a name and cells to draw, by type and kind."""
        found: dict[tuple[str, str], list[int]] = {}
        for place in sorted(self.called):
            column = self.all[place]
            if column.usable:
                found.setdefault((column.type, column.kind), []).append(place)
        return found

    def like(self, column: Column) -> list[int]:
        """Columns of this table whose cells are of the same type and kind."""
        return self.alike.get((column.type, column.kind), [])


def _kind(value: str) -> str:
    if number := _NUMBER.fullmatch(value):
        return "percent" if number[3] else "fraction" if number[2] else "count"
    return "date" if _DATE.fullmatch(value) else "words"
