"""The competition's own database, if it hands one out, compared with the tables.

Runs never read it: they use a database made of the tables. What differs shows that the files do not belong
together, or that scores may not be those of the competition.
"""

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tasks.core.errors import Problem
from tasks.nl2sql.query.schema import Cell, Table
from tasks.nl2sql.query.sql import case_folded, column_name, quoted
from tasks.text.validation.json_lines import names, printable, shown

_CLOSE = 1e-9
"""Of numbers that were written as text and read again, relative."""


class Shipped:
    """An SQLite file that is compared with one table after another."""

    def __init__(self, connection: sqlite3.Connection, file: Path, problems: list[Problem]) -> None:
        self._connection, self._file, self._problems = connection, file, problems
        self._names: dict[str, str] = {}
        self._readable = True
        try:
            # Of ordinary tables only: a view or a virtual table can run what it likes.
            found = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            self._names = {case_folded(name): name for (name,) in connection.execute(found)}
        except sqlite3.DatabaseError as error:
            self._refuse(error)

    def differing_cells(self, table: Table) -> Iterator[str]:
        """Cells whose values differ, in words; a missing table, columns and rows become problems instead."""
        try:
            if self._readable:
                yield from self._compare(table)
        except sqlite3.DatabaseError as error:
            self._refuse(error)

    def _compare(self, table: Table) -> Iterator[str]:
        candidates = (case_folded(name) for name in (table.name, f"Table_{table.id}"))
        name = next((self._names[one] for one in candidates if one in self._names), None)
        if name is None:
            self._wrong(f"a table {shown(table.name)}", f"{len(self._names):,} others")
            return
        columns = [column_name(i) for i in range(len(table.header))]
        stored = [entry[1] for entry in self._connection.execute(f"PRAGMA table_info({quoted(name)})")]
        if [case_folded(column) for column in stored] != columns:
            expected = f"columns {columns[0]} to {columns[-1]} in table {shown(name)}"
            self._wrong(expected, names(stored))
            return
        ((count,),) = self._connection.execute(f"SELECT count(*) FROM {quoted(name)}")
        if count != len(table.rows):
            self._wrong(f"{len(table.rows):,} rows in table {shown(name)}", f"{count:,}")
            return
        yield from _differing(table, self._connection.execute(f"SELECT * FROM {quoted(name)}"))

    def _refuse(self, error: sqlite3.DatabaseError) -> None:
        self._readable = False
        self._wrong("an SQLite database", f"one that cannot be read ({printable(str(error), longest=100)})")

    def _wrong(self, expected: str, received: str) -> None:
        self._problems.append(Problem(self._file, None, expected, received))


@contextmanager
def shipped(file: Path, problems: list[Problem]) -> Iterator[Shipped | None]:
    """The database of this file, open; None if there is no such file."""
    if not file.is_file():
        yield None
        return
    # Immutable: never written, not even a journal or a lock beside it.
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        yield Shipped(connection, file, problems)


def _differing(table: Table, stored: Iterator[tuple[Any, ...]]) -> Iterator[str]:
    for number, (row, other) in enumerate(zip(table.rows, stored, strict=True), 1):
        if row != other:
            for column, (cell, value) in enumerate(zip(row, other, strict=True)):
                if not _same(cell, value):
                    place = f"{table.name}, row {number:,}, {column_name(column)}"
                    found = f"{len(value):,} bytes" if isinstance(value, bytes) else shown(value)
                    yield f"{place}: {found} in place of {shown(cell)}"


def _same(cell: Cell, value: Any) -> bool:
    """Whether the database holds the cell, as text or as number, empty as null or as empty text."""
    if cell == value or (cell in (None, "") and value in (None, "")):
        return True
    if cell is None or not isinstance(value, str | int | float):
        return False
    try:
        return math.isclose(float(cell), float(value), rel_tol=_CLOSE)
    except ValueError:
        return str(cell) == str(value)
