"""CSV files with a header, as they are handed out: read with the line of every problem."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import advice, kind_of


class CsvFile(NamedTuple):
    """The rows of a CSV file."""

    file: Path
    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    """Line on which each row ends, from 1."""

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
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            columns = next(reader, [])
            numbered = [(row, reader.line_num) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidData([Problem(file, None, "CSV in UTF-8", str(error))]) from None
    found = CsvFile(file, columns, [row for row, _ in numbered], [line for _, line in numbered])
    if problems := _problems(found, required):
        raise InvalidData(problems)
    return found


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
