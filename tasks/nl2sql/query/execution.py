"""Queries run on a part's SQLite database: nothing but reading, with bound values and limits.

A value is compared as the competition's databases compare it, by the affinity of the column. Real columns
hold numbers, and strings such as "69.92%". A value that reads as a number is compared with numbers as one;
every string is greater than every number; of two strings the characters decide, so "9.5%" is greater than
"10%". `SUM` and `AVG` take the number that a string begins with, else 0. The published scorer runs labels and
predictions so. To read percentages as numbers would be nearer to the questions, but would call other
predictions right than the contest does.
"""

import sqlite3
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from tasks.nl2sql.query.schema import AGGREGATES, Cell, Query, Table
from tasks.nl2sql.query.serialization import InvalidQuery, canonical, sql

MOST_STEPS = 100_000_000
"""Instructions of SQLite's machine that a query may take: 100,000 rows take 3 million. Unlike seconds they
do not depend on what else the machine does, so the same queries fail everywhere."""
MOST_SECONDS = 30.0
"""Should each instruction take long, as with cells of megabytes."""
MOST_ROWS = 200_000
"""Of a result."""
REMEMBERED_ROWS = 1_000_000
"""Of all results that are remembered, about 100 MB; an empty result counts as one row."""

_STEPS_BETWEEN = 100_000
"""Steps between two looks at the limits."""
_FUNCTIONS = frozenset(name.lower() for name in AGGREGATES if name)

Failure = Literal["invalid", "refused", "time", "rows"]


class Result(NamedTuple):
    """What a query finds, or why it finds nothing."""

    rows: tuple[tuple[Cell, ...], ...]
    error: Failure | None = None
    """`invalid`: no query of this table; `refused`: by SQLite; `time`, `rows`: a limit was reached."""


class Executor:
    """Runs queries on one database, and remembers their results."""

    def __init__(self, database: Path, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._connection = connect(database)
        self._close = weakref.finalize(self, self._connection.close)
        self._results: dict[tuple[str, Query], Result] = {}
        self._remembered = 0

    def run(self, table: str, query: Query) -> Result:
        """What a query finds in the table of this id; columns in the order of the canonical query."""
        key = (table, canonical(query))
        known = self._results.get(key)
        if known is None:
            known = self._run(*key)
            self._remember(key, known)
        return known

    def run_text(self, text: str) -> Result:
        """One statement as it is written, under the same rules and limits; not remembered."""
        return fetched(self._connection, text, [])

    def close(self) -> None:
        """End the connection; else it ends with the object."""
        self._close()

    def _run(self, table: str, query: Query) -> Result:
        try:
            return fetched(self._connection, *sql(query, self._tables[table]))
        except InvalidQuery:
            return Result((), "invalid")

    def _remember(self, key: tuple[str, Query], result: Result) -> None:
        self._remembered += max(1, len(result.rows))
        if self._remembered > REMEMBERED_ROWS:
            self._results.clear()
            self._remembered = max(1, len(result.rows))
        self._results[key] = result


def connect(database: Path) -> sqlite3.Connection:
    """A connection that can read the tables of one database and do nothing else."""
    connection = sqlite3.connect(
        f"{database.resolve().as_uri()}?mode=ro&immutable=1",
        uri=True,
        check_same_thread=False,  # whichever thread collects the executor closes it
        cached_statements=1024,
    )
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, first: str | None, second: str | None, *where: str | None) -> int:
    """Whether SQLite may do this: select, read a table that is not its own, call one of five functions."""
    allowed = (
        action == sqlite3.SQLITE_SELECT
        or (action == sqlite3.SQLITE_READ and not (first or "").lower().startswith("sqlite_"))
        or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS)
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def fetched(connection: sqlite3.Connection, text: str, values: list[str]) -> Result:
    """Rows of one statement within the limits."""
    looks, until = [MOST_STEPS // _STEPS_BETWEEN], time.monotonic() + MOST_SECONDS

    def past_the_limits() -> bool:
        looks[0] -= 1
        return looks[0] <= 0 or time.monotonic() > until

    connection.set_progress_handler(past_the_limits, _STEPS_BETWEEN)
    try:
        rows = connection.execute(text, values).fetchmany(MOST_ROWS + 1)
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError, OverflowError) as error:
        # a value may hold what UTF-8 cannot: half of a surrogate pair
        interrupted = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
        return Result((), "time" if interrupted else "refused")
    return Result(tuple(rows)) if len(rows) <= MOST_ROWS else Result((), "rows")
