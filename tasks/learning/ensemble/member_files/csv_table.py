"""Class scores as CSV in UTF-8, with a header and commas."""

import codecs
import csv
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tasks.core import limits
from tasks.learning.ensemble.member_files.columns import (
    FOLD,
    ID,
    NO_NUMBER,
    OWN,
    PART,
    Columns,
    ScoreTable,
    check_columns,
    is_number,
)
from tasks.learning.ensemble.member_files.records import FileProblems

OTHER_KINDS = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive, such as npz or xlsx",
    b"\x1f\x8b": "a file compressed by gzip",
}
"""By the first bytes of a file."""
LONGEST_BYTES = 1 << 24
"""Of a line, unless `limits.LINE` says otherwise; a file without line ends is not read into memory."""


def read(file: Path, classes: Sequence[str], problems: FileProblems) -> ScoreTable | None:
    """The table of a CSV file in UTF-8, with commas; None if it has problems that leave no table.

    The file is read line by line; memory holds the numbers, ids and numbers of lines.
    """
    if not _is_utf8(file, problems):
        return None
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = _csv_rows(text, problems)
        _, header = next(rows, (0, []))
        if not header:
            problems.add("header", 1, f"a header with {ID!r} and a column for each class", "an empty line")
            return None
        if not check_columns(header, classes, problems):
            return None
        return _table(rows, header, classes, problems)


def _table(
    rows: Iterator[tuple[int, list[str]]], header: list[str], classes: Sequence[str], problems: FileProblems
) -> ScoreTable:
    order = [header.index(name) for name in classes]
    places = {name: header.index(name) for name in OWN if name in header}
    lines, ids, numbers = list[int](), list[str](), array("d")
    own = {PART: list[str](), FOLD: list[str]()}
    for line, row in rows:
        if len(row) != len(header):
            received = f"{len(row)}" if row else "a blank line"
            problems.add("columns", line, f"{len(header)} columns as in the header", received)
            continue
        lines.append(line)
        ids.append(row[places[ID]])
        for name, column in own.items():
            column.append(row[places[name]] if name in places else "")
        numbers.extend(_numbers([row[place] for place in order], classes, line, problems))
    if not ids and not problems:
        problems.add("rows", None, "a line for each record", "a header only")
    scores = np.frombuffer(numbers, np.float64).reshape(-1, len(classes))
    return ScoreTable(ids, scores, is_number(scores, problems), lines, own[PART], own[FOLD])


def _is_utf8(file: Path, problems: FileProblems) -> bool:
    """Whether the file is text in UTF-8; else there is a problem."""
    utf8 = "text in UTF-8"
    with file.open("rb") as content:
        start = content.read(4)
        content.seek(0)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            problems.add("encoding", None, utf8, "UTF-16 (a byte order mark says so)")
        elif kind := next((kind for mark, kind in OTHER_KINDS.items() if start.startswith(mark)), None):
            problems.add("encoding", None, utf8, kind)
        else:
            most = limits.LINE.value(LONGEST_BYTES)
            for number, line in enumerate(iter(lambda: content.readline(most + 1), b""), 1):
                if len(line) > most:
                    expected = f"a line of {limits.LINE.at_most(LONGEST_BYTES)}"
                    problems.add("encoding", number, expected, "a longer one")
                    break
                if received := _not_text(line):
                    problems.add("encoding", number, utf8, received)
                    break
    return not problems.has("encoding")


def _not_text(line: bytes) -> str | None:
    """What is wrong with a line that is no text in UTF-8."""
    if b"\0" in line:
        return "a NUL byte (of UTF-16, or of a binary file)"
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte 0x{line[error.start]:02x}"
    return None


def _csv_rows(text: Iterable[str], problems: FileProblems) -> Iterator[tuple[int, list[str]]]:
    """The line in which each row begins, and its cells; blank lines at the end are skipped."""
    reader = csv.reader(text, strict=True)
    line, blank = 1, list[int]()
    try:
        for row in reader:
            if row or line == 1:
                yield from ((place, list[str]()) for place in blank)
                blank.clear()
                yield line, row
            else:
                blank.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(
            "csv", line, "cells with commas between them, quoted where needed", f"broken CSV ({error})"
        )


def _numbers(cells: list[str], classes: Sequence[str], line: int, problems: FileProblems) -> list[float]:
    try:
        if _is_plain("".join(cells)):
            return list(map(float, cells))
    except ValueError:
        pass
    return [_number(cell, name, line, problems) for cell, name in zip(cells, classes, strict=True)]


def _is_plain(text: str) -> bool:
    """Whether `float` reads no more than other programs: it takes 1_0 for 10, and digits of all scripts."""
    return text.isascii() and "_" not in text


def _number(cell: str, name: str, line: int, problems: FileProblems) -> float:
    try:
        if _is_plain(cell):
            return float(cell)
    except ValueError:
        pass
    received = "an empty cell" if not cell.strip() else repr(cell[:40])
    problems.add("number", line, f"a number for class {name!r}", received)
    return NO_NUMBER


def content(columns: Columns, classes: Sequence[str], scores: np.ndarray) -> bytes:
    """The table as CSV, whose numbers read back the same to the bit."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*OWN, *classes])
    for own, row in zip(zip(*columns.values(), strict=True), scores.tolist(), strict=True):
        # nine digits tell any two float32 numbers apart
        writer.writerow(["" if cell is None else cell for cell in own] + [f"{score:.9g}" for score in row])
    return text.getvalue().encode()
