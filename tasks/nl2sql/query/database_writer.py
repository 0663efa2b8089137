"""Write a part's tables to an SQLite file.

As in the competition's own databases a table is called by its `name`, its columns `col_1`, `col_2`, …, of
types TEXT and REAL: SQLite then converts text that is a number in a REAL column to that number, and keeps
other text there as it is. Names are quoted and cells bound, so that none of them is ever parsed as SQL.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import TracebackType

from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.query.sql import column_name, quoted

_TYPES = {"text": "TEXT", "real": "REAL"}


class DatabaseWriter:
    """Writes tables one by one into a new file; a context that deletes the file if it is left by an error.

    Equal tables in equal order give equal bytes, by one version of SQLite.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> "DatabaseWriter":
        self._connection = sqlite3.connect(self._file, isolation_level=None)
        # The file is deleted if anything fails, so a journal would protect nothing.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "page_size = 4096", "encoding = 'UTF-8'"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("BEGIN")
        return self

    def add(self, table: Table) -> None:
        """Write a table, whose name differs from all others by more than case."""
        columns = [f"{column_name(i)} {_TYPES[type_]}" for i, type_ in enumerate(table.types)]
        self._connection.execute(f"CREATE TABLE {quoted(table.name)} ({', '.join(columns)})")
        places = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({places})", table.rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with closing(self._connection):
            if error is None:
                # Without any table SQLite would leave 0 bytes, which cannot be opened as a database.
                self._connection.execute("PRAGMA user_version = 1")
                self._connection.execute("COMMIT")
        if error is not None:
            self._file.unlink(missing_ok=True)
