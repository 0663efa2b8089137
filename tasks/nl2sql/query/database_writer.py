"""A part's tables as an SQLite file.

As in the competition's own databases a table is called by its `name`, its columns `col_1`, `col_2`, …, of
types TEXT and REAL: SQLite then reads text that is a number in a REAL column as that number, and keeps other
text there as it is. Names are quoted and cells bound, so that none of them is ever read as SQL.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import TracebackType

from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.query.serialization import quoted

_TYPES = {"text": "TEXT", "real": "REAL"}


def column_name(column: int) -> str:
    """What the competition calls a column in its databases."""
    return f"col_{column + 1}"


def folded(name: str) -> str:
    """What names have in common that SQLite takes for one: it ignores the case of ASCII letters only."""
    return "".join(one.lower() if one.isascii() else one for one in name)


class Writer:
    """Writes tables one by one into a new file; a context that keeps nothing if it is left by an error.

    Equal tables in equal order give equal bytes, by one version of SQLite.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> "Writer":
        self._connection = sqlite3.connect(self._file, isolation_level=None)
        # The file appears whole or, if anything fails, is thrown away: a journal would guard nothing.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "page_size = 4096", "encoding = 'UTF-8'"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("BEGIN")
        return self

    def add(self, table: Table) -> None:
        """Write a table whose name, case aside, no other has."""
        columns = [f"{column_name(i)} {_TYPES[type_]}" for i, type_ in enumerate(table.types)]
        self._connection.execute(f"CREATE TABLE {quoted(table.name)} ({', '.join(columns)})")
        places = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT INTO {quoted(table.name)} VALUES ({places})", table.rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with closing(self._connection):
            if error is None:
                # Without a table SQLite would leave 0 bytes, which is no database that can be opened to read.
                self._connection.execute("PRAGMA user_version = 1")
                self._connection.execute("COMMIT")
        if error is not None:
            self._file.unlink(missing_ok=True)
