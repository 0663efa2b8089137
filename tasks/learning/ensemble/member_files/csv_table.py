"""Class scores as CSV in UTF-8, with a header and commas."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

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


def read(file: Path, classes: Sequence[str], problems: FileProblems) -> ScoreTable | None:
    """The table of a CSV file in UTF-8, with commas; None if it has problems that leave no table."""
    if (text := _text(file, problems)) is None:
        return None
    rows = _csv_rows(text, problems)
    _, header = next(rows, (0, []))
    if not header:
        problems.add("header", 1, f"a header with {ID!r} and a column for each class", "an empty line")
        return None
    if not check_columns(header, classes, problems):
        return None
    order = [header.index(name) for name in classes]
    places = {name: header.index(name) for name in OWN if name in header}
    lines, ids, numbers = list[int](), list[str](), list[list[float]]()
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
        numbers.append(_numbers([row[place] for place in order], classes, line, problems))
    if not ids and not problems:
        problems.add("rows", None, "a line for each record", "a header only")
    scores = np.array(numbers, np.float64).reshape(-1, len(classes))
    return ScoreTable(ids, scores, is_number(scores, problems), lines, own[PART], own[FOLD])


def _text(file: Path, problems: FileProblems) -> str | None:
    content = file.read_bytes()
    utf8 = "text in UTF-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problems.add("encoding", None, utf8, "UTF-16 (a byte order mark says so)")
    elif content.startswith((b"PAR1", b"PK\x03\x04", b"\x1f\x8b")):
        kinds = {b"P": "a Parquet file" if content[1:2] == b"A" else "a zip archive, such as npz or xlsx"}
        problems.add("encoding", None, utf8, kinds.get(content[:1], "a file compressed by gzip"))
    elif b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        problems.add("encoding", line, utf8, "a NUL byte (of UTF-16, or of a binary file)")
    else:
        try:
            return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            problems.add("encoding", line, utf8, f"byte 0x{content[error.start]:02x}")
    return None


def _csv_rows(text: str, problems: FileProblems) -> Iterator[tuple[int, list[str]]]:
    """The line in which each row begins, and its cells; blank lines at the end are skipped."""
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(
            "csv", line, "cells with commas between them, quoted where needed", f"broken CSV ({error})"
        )


def _numbers(cells: list[str], classes: Sequence[str], line: int, problems: FileProblems) -> list[float]:
    try:
        if "_" not in "".join(cells):  # Python reads 1_0 as 10
            return list(map(float, cells))
    except ValueError:
        pass
    return [_number(cell, name, line, problems) for cell, name in zip(cells, classes, strict=True)]


def _number(cell: str, name: str, line: int, problems: FileProblems) -> float:
    try:
        if "_" not in cell:
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
