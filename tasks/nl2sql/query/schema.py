"""Questions, tables and queries, with the competition's codes; queries as JSON and in canonical form.

Aggregates 0 none, 1 AVG, 2 MAX, 3 MIN, 4 COUNT, 5 SUM; operators 0 >, 1 <, 2 ==, 3 !=; connectors 0 none,
1 and, 2 or.
"""

from typing import Any, NamedTuple

AGGREGATES = ("", "AVG", "MAX", "MIN", "COUNT", "SUM")
OPERATORS = (">", "<", "==", "!=")
CONNECTORS = ("", "and", "or")

NONE, AVG, MAX, MIN, COUNT, SUM = range(6)
"""`NONE` is the code of no aggregate, and of no connector."""
GREATER, LESS, EQUAL, UNEQUAL = range(4)
AND, OR = 1, 2

Cell = str | float | int | None
"""As in the raw file: cells of `real` columns may be strings, and any cell may be empty."""


class Condition(NamedTuple):
    """One comparison of a column with a value."""

    column: int
    operator: int
    value: str


class Query(NamedTuple):
    """Selected columns and the conditions on the rows."""

    select: tuple[tuple[int, int], ...]
    """(column, aggregate), in the order given."""
    connector: int
    """0 with at most one condition."""
    conditions: tuple[Condition, ...]
    """In the order given; two may be on one column."""

    @property
    def columns(self) -> set[int]:
        """The columns that are selected or compared."""
        return {column for column, _ in self.select} | {condition.column for condition in self.conditions}


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
    """The label; None for test questions."""
    given: Query | None = None
    """The label as the file has it, where that differs: with a connector that joins nothing, or with values
    that are numbers. The published scorer compares it so."""


def from_json(value: dict[str, Any]) -> Query:
    """The query that `to_json` gave; nothing is checked."""
    select = tuple(zip(value["sel"], value["agg"], strict=True))
    return Query(select, value["cond_conn_op"], tuple(Condition(*each) for each in value["conds"]))


def to_json(query: Query) -> dict[str, Any]:
    """`{"agg", "sel", "cond_conn_op", "conds"}`, as the competition writes a query."""
    return {
        "agg": [aggregate for _, aggregate in query.select],
        "sel": [column for column, _ in query.select],
        "cond_conn_op": query.connector,
        "conds": [list(condition) for condition in query.conditions],
    }


def canonical(query: Query) -> Query:
    """The query with selection and conditions sorted, and without a connector where none is needed."""
    conditions = tuple(sorted(query.conditions))
    connector = query.connector if len(conditions) > 1 else NONE
    return Query(tuple(sorted(query.select)), connector, conditions)
