"""What a question, a table and a query are; the codes are the competition's own.

Aggregates 0 none, 1 AVG, 2 MAX, 3 MIN, 4 COUNT, 5 SUM; operators 0 >, 1 <, 2 ==, 3 !=; connectors 0 none,
1 and, 2 or.
"""

from typing import NamedTuple

AGGREGATES = ("", "AVG", "MAX", "MIN", "COUNT", "SUM")
OPERATORS = (">", "<", "==", "!=")
CONNECTORS = ("", "and", "or")

GREATER, LESS, EQUAL, UNEQUAL = range(4)
NONE, AND, OR = range(3)

Cell = str | float | int | None
"""As in the raw file: cells of `real` columns may be strings, and any cell may be empty."""


class Condition(NamedTuple):
    """One comparison of a column with a value."""

    column: int
    operator: int
    value: str


class Query(NamedTuple):
    """What is selected, under which conditions."""

    select: tuple[tuple[int, int], ...]
    """(column, aggregate), in the order given."""
    connector: int
    """0 with at most one condition."""
    conditions: tuple[Condition, ...]
    """In the order given; two may be on one column."""


class Table(NamedTuple):
    """One table of the competition."""

    id: str
    name: str
    title: str
    header: tuple[str, ...]
    types: tuple[str, ...]
    """`text` or `real` for each column."""
    rows: tuple[tuple[Cell, ...], ...]


class Question(NamedTuple):
    """One question of the competition."""

    id: str
    """`<file stem>:<line number>`."""
    text: str
    """As in the raw file."""
    table: str
    """Id of its table, among those of the same part."""
    query: Query | None
    """What is labelled; None for test questions."""
