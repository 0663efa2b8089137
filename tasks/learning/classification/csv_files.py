"""CSV files with a header, as they are handed out: read with the line of every problem."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from tasks.core import limits
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import advice, kind_of


class CsvFile(NamedTuple):
    """The rows of a CSV file."""

    file: Path
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    """Line on which each row ends, from 1; text in quotes may have several."""

    def column(self, name: str) -> list[str]:
        """The values of a column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def read(root: Path, name: str, *, required: Sequence[str]) -> CsvFile:
    """Read `<root>/<name>`, in UTF-8; the columns `required` must be there, and their values not empty.

    Raises:
        InvalidData: with all problems.
    """
    file = root / name
    if (kind := kind_of(file)) != "a file":
        raise InvalidData(
            [Problem(file, None, f"a CSV file with {', '.join(required)}", kind + advice(root))]
        )
    numbered = rows(file)
    _, columns = next(numbered, (1, []))
    lines, content = list[int](), list[list[str]]()
    for line, row in numbered:
        if row:
            lines.append(line)
            content.append(row)
    found = CsvFile(file, columns, content, lines)
    if problems := _problems(found, required):
        raise InvalidData(problems)
    return found


def rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line on which it ends, values) of each row of a CSV file in UTF-8; a blank line has no values.

    Memory holds one row, of no more bytes than `limits.LINE`.

    Raises:
        InvalidData: at the first line that cannot be read.
    """
    most = limits.LINE.value()
    csv.field_size_limit(max(csv.field_size_limit(), most))  # of the whole process; rows are limited below
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        lines = _Lines(file, stream, most)
        reader = csv.reader(lines, strict=True)
        try:
            for row in reader:
                lines.size = 0
                yield reader.line_num, row
        except csv.Error as error:
            place = lines.number
            raise InvalidData([Problem(file, place, "values with commas between them", f"{error}")]) from None


class _Lines:
    """The lines of a text, while those of a row are not too long together and all are UTF-8."""

    def __init__(self, file: Path, stream: TextIO, most: int) -> None:
        self.file, self.stream, self.most = file, stream, most
        self.number = self.size = 0
        """Lines read, and bytes since a row began."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.stream.readline(self.most + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.size += len(content := line.encode("utf-8", "surrogateescape"))
        if self.size > self.most:
            raise self._wrong(f"a row of {limits.LINE.at_most()}", "a longer one")
        if escaped := next((each for each in line if "\ud800" <= each <= "\udfff"), ""):
            raise self._wrong("text in UTF-8", f"byte 0x{ord(escaped) & 0xFF:02x}")
        if b"\0" in content:
            raise self._wrong("text in UTF-8", "a NUL byte (of UTF-16, or of a binary file)")
        return line

    def _wrong(self, expected: str, received: str) -> InvalidData:
        return InvalidData([Problem(self.file, self.number, expected, received)])


def _problems(found: CsvFile, required: Sequence[str]) -> list[Problem]:
    file, columns = found.file, found.columns
    missing = [name for name in required if name not in columns]
    if missing:
        return [Problem(file, 1, f"a column {name}", ", ".join(columns) or "nothing") for name in missing]
    if len(set(columns)) < len(columns):
        return [Problem(file, 1, "columns of different names", ", ".join(columns))]
    if not found.rows:
        return [Problem(file, None, "at least one record", "none")]
    problems, first = list[Problem](), dict[str, int]()
    for row, line in zip(found.rows, found.lines, strict=True):
        if len(row) != len(columns):
            problems.append(Problem(file, line, f"{len(columns)} values", f"{len(row)}"))
            continue
        values = dict(zip(columns, row, strict=True))
        problems += [
            Problem(file, line, f"a value of {name}", "none") for name in required if not values[name]
        ]
        id = values[required[0]]
        if id in first:
            problems.append(Problem(file, line, "each id once", f"{id} again, after line {first[id]}"))
        first.setdefault(id, line)
    return problems


MISSING = ("", "na", "nan", "null", "none", "?")
"""Values, in lower case, that stand for a number that is not known."""


def numbers(found: CsvFile, names: Sequence[str]) -> dict[str, list[float | None]]:
    """The columns of these names as numbers, None where one is missing.

    Raises:
        InvalidData: with each value that is no number.
    """
    problems, columns = list[Problem](), dict[str, list[float | None]]()
    for name in names:
        columns[name] = []
        for value, line in zip(found.column(name), found.lines, strict=True):
            try:
                columns[name].append(_number(value))
            except ValueError:
                problems.append(Problem(found.file, line, f"a number as {name}", repr(value)))
    if problems:
        raise InvalidData(problems)
    return columns


def _number(value: str) -> float | None:
    """The number, None if it is missing; raises ValueError if it is none."""
    if value.strip().lower() in MISSING:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number
