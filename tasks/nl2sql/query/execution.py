"""Execute queries on a part's SQLite database: read-only, with bound values and limits.

A value is compared as the competition's databases compare it, by the affinity of the column. Real columns
hold numbers, and strings such as "69.92%". A value that reads as a number is compared with numbers as one;
every string is greater than every number; of two strings the characters decide, so "9.5%" is greater than
"10%". `SUM` and `AVG` take the number that a string begins with, else 0. The published scorer executes labels
and predictions so. Comparing percentages as numbers would be nearer to the questions, but would accept other
predictions than the contest does.
"""

import sqlite3
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from tasks.nl2sql.query.schema import AGGREGATES, Cell, Query, Table, canonical
from tasks.nl2sql.query.sql import InvalidQuery, sql

MOST_STEPS = 100_000_000
"""Instructions of SQLite's virtual machine that a query may take: 100,000 rows take 3 million. Unlike seconds
they do not depend on the load of the machine, so the same queries fail everywhere."""
MOST_SECONDS = 30.0
"""Limit for slow instructions, as with cells of megabytes."""
MOST_ROWS = 200_000
"""Of a result."""
MOST_CELLS = 2_000_000
"""Of a result: a query may select 1,900 columns."""
MOST_CHARACTERS = 50_000_000
"""Of the texts of a result."""
CELLS_AT_ONCE = 10_000
"""That are read between two checks of these limits."""
MOST_CACHED_ROWS = 1_000_000
"""Of all cached results, in rows of one column, of which each result takes `ROWS_OF_A_RESULT` more: about
100 MB."""
ROWS_OF_A_RESULT = 10
"""What a cached result takes beside its rows, most of it for its query."""
CHARACTERS_OF_A_ROW = 50
"""Of a text, as much memory as a row takes."""

_CHECK_INTERVAL = 100_000
"""Instructions between two checks of the limits."""
_FUNCTIONS = frozenset(name.lower() for name in AGGREGATES if name)

Failure = Literal["invalid", "refused", "time", "rows"]


class Result(NamedTuple):
    """The rows of a query, or why it failed."""

    rows: tuple[tuple[Cell, ...], ...]
    error: Failure | None = None
    """`invalid`: does not fit the table; `refused`: by SQLite; `time`, `rows`: a limit was reached."""


class Executor:
    """Executes queries on one database, and caches their results.

    Args:
        most_cached_rows: of all cached results; a predictor, which asks about each table once, needs few.
    """

    def __init__(
        self, database: Path, tables: Mapping[str, Table], *, most_cached_rows: int = MOST_CACHED_ROWS
    ) -> None:
        self._tables, self._most_cached_rows = tables, most_cached_rows
        self._connection = connect(database)
        weakref.finalize(self, self._connection.close)
        self._results: dict[tuple[str, Query], Result] = {}
        self._cached_rows = 0

    def run(self, table: str, query: Query, *, as_written: bool = False) -> Result:
        """The result on the table of this id; columns in the order of the canonical query, or as written.

        Where a query has a minimum, a maximum and a column without an aggregate, the order of its columns
        decides of which row SQLite takes the latter.
        """
        key = (table, query if as_written else canonical(query))
        result = self._results.get(key)
        if result is None:
            result = self._run(*key)
            self._cache(key, result)
        return result

    def run_text(self, text: str) -> Result:
        """The result of a statement, under the same rules and limits; not cached."""
        return fetch(self._connection, text, [])

    def _run(self, table: str, query: Query) -> Result:
        try:
            return fetch(self._connection, *sql(query, self._tables[table]))
        except InvalidQuery:
            return Result((), "invalid")

    def _cache(self, key: tuple[str, Query], result: Result) -> None:
        cells = [cell for row in result.rows for cell in row]
        characters = sum(len(cell) for cell in cells if isinstance(cell, str))
        rows = ROWS_OF_A_RESULT + len(cells) + characters // CHARACTERS_OF_A_ROW
        self._cached_rows += rows
        if self._cached_rows > self._most_cached_rows:
            self._results.clear()
            self._cached_rows = rows
        self._results[key] = result


def connect(database: Path) -> sqlite3.Connection:
    """A connection that can read the tables of one database and do nothing else."""
    connection = sqlite3.connect(
        f"{database.resolve().as_uri()}?mode=ro&immutable=1",
        uri=True,
        check_same_thread=False,  # any thread may collect the executor and close it
        cached_statements=1024,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, first: str | None, second: str | None, *where: str | None) -> int:
    """Allow SQLite to select, to read a table that is not its own, and to call five functions."""
    allowed = (
        action == sqlite3.SQLITE_SELECT
        or (action == sqlite3.SQLITE_READ and not (first or "").lower().startswith("sqlite_"))
        or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS)
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def fetch(connection: sqlite3.Connection, text: str, values: list[str]) -> Result:
    """Rows of one statement within the limits."""
    checks, deadline = [MOST_STEPS // _CHECK_INTERVAL], time.monotonic() + MOST_SECONDS

    def past_the_limits() -> bool:
        checks[0] -= 1
        return checks[0] <= 0 or time.monotonic() > deadline

    connection.set_progress_handler(past_the_limits, _CHECK_INTERVAL)
    try:
        rows = _rows(connection.execute(text, values))
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError, OverflowError) as error:
        # a value may contain half of a surrogate pair, which UTF-8 cannot encode
        interrupted = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
        return Result((), "time" if interrupted else "refused")
    return Result((), "rows") if rows is None else Result(tuple(rows))


def _rows(cursor: sqlite3.Cursor) -> list[tuple[Cell, ...]] | None:
    """The rows of a result; None of one that is too large, of which little more than the limits is read."""
    columns = max(1, len(cursor.description or ()))
    most_rows, piece = min(MOST_ROWS, MOST_CELLS // columns), max(1, CELLS_AT_ONCE // columns)
    rows: list[tuple[Cell, ...]] = []
    characters = 0
    while added := cursor.fetchmany(piece):
        rows += added
        characters += sum(len(cell) for row in added for cell in row if isinstance(cell, str))
        if len(rows) > most_rows or characters > MOST_CHARACTERS:
            return None
    return rows
