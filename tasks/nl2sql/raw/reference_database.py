"""Compare the competition's own database, if there is one, with the tables.

Runs never read it: they use a database made of the tables. Differences mean that the files do not belong
together, or that scores may differ from the competition's.
"""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tasks.core import limits
from tasks.core.errors import Problem
from tasks.nl2sql.query.schema import Cell, Table
from tasks.nl2sql.query.sql import case_folded, column_name, quoted
from tasks.nl2sql.raw.tables import LONGEST_LINE_BYTES
from tasks.text.validation.json_lines import described, names, printable

_TOLERANCE = 1e-9
"""Relative, for numbers that were written as text and parsed again."""


class ReferenceDatabase:
    """An SQLite file that is compared with one table after another."""

    def __init__(self, connection: sqlite3.Connection, file: Path, problems: list[Problem]) -> None:
        self._connection, self._file, self._problems = connection, file, problems
        self._names: dict[str, str] = {}
        self._readable = True
        try:
            # Only ordinary tables: a view or a virtual table can execute code.
            select = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            self._names = {case_folded(name): name for (name,) in connection.execute(select)}
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            self._add_unreadable(error)

    def differing_cells(self, table: Table) -> Iterator[str]:
        """Descriptions of differing cells; a missing table, columns and rows become problems instead."""
        try:
            if self._readable:
                yield from self._compare(table)
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            self._add_unreadable(error)

    def _compare(self, table: Table) -> Iterator[str]:
        candidates = (case_folded(name) for name in (table.name, f"Table_{table.id}"))
        name = next((self._names[one] for one in candidates if one in self._names), None)
        if name is None:
            self._add_problem(f"a table {described(table.name)}", f"{len(self._names):,} others")
            return
        columns = [column_name(i) for i in range(len(table.header))]
        entries = self._connection.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
        if made := [entry[1] for entry in entries if entry[6]]:
            # one can take any time and memory
            self._add_problem(
                f"stored columns only in table {described(name)}", f"computed ones: {names(made)}"
            )
            return
        stored = [entry[1] for entry in entries]
        if [case_folded(column) for column in stored] != columns:
            expected = f"columns {columns[0]} to {columns[-1]} in table {described(name)}"
            self._add_problem(expected, names(stored))
            return
        ((count,),) = self._connection.execute(f"SELECT count(*) FROM {quoted(name)}")
        if count != len(table.rows):
            self._add_problem(f"{len(table.rows):,} rows in table {described(name)}", f"{count:,}")
            return
        yield from _differences(table, self._connection.execute(f"SELECT * FROM {quoted(name)}"))

    def _add_unreadable(self, error: Exception) -> None:
        self._readable = False
        reason = printable(str(error), longest=100)
        self._add_problem("an SQLite database", f"one that cannot be read ({reason})")

    def _add_problem(self, expected: str, received: str) -> None:
        self._problems.append(Problem(self._file, None, expected, received))


@contextmanager
def open_reference(file: Path, problems: list[Problem]) -> Iterator[ReferenceDatabase | None]:
    """The database of this file, open; None if there is no such file."""
    if not file.is_file():
        yield None
        return
    # Immutable: nothing is written, no journal and no lock either.
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(address, uri=True)
    except sqlite3.Error as error:
        problems.append(Problem(file, None, "an SQLite database", f"one that cannot be read ({error})"))
        yield None
        return
    with closing(connection):
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.LINE.value(LONGEST_LINE_BYTES))
        yield ReferenceDatabase(connection, file, problems)


def _differences(table: Table, stored: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    for number, (row, other) in enumerate(zip(table.rows, stored, strict=True), 1):
        if row != other:
            for column, (cell, value) in enumerate(zip(row, other, strict=True)):
                if not _is_equal(cell, value):
                    place = f"{table.name}, row {number:,}, {column_name(column)}"
                    found = f"{len(value):,} bytes" if isinstance(value, bytes) else described(value)
                    yield f"{place}: {found} in place of {described(cell)}"


def _is_equal(cell: Cell, value: Any) -> bool:
    """Whether a stored value is the cell: as text or as number, an empty cell as null or as empty text."""
    if cell == value or (cell in (None, "") and value in (None, "")):
        return True
    if cell is None or not isinstance(value, str | int | float):
        return False
    try:
        return math.isclose(float(cell), float(value), rel_tol=_TOLERANCE)
    except ValueError:
        return str(cell) == str(value)
