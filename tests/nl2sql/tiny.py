"""A table of five rows, queries written short, and executors, for tests of what queries mean."""

from pathlib import Path

from tasks.nl2sql.query.database_writer import DatabaseWriter
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, OPERATORS, Cell, Condition, Query, Table

HEADER = ("城市", "月份", "单价", "增长率", "备注")
TYPES = ("text", "text", "real", "real", "text")
ROWS: tuple[tuple[Cell, ...], ...] = (
    ("临江", "1", 10.0, "9.5%", "a"),
    ("海州", "1", 20.0, "10%", "A"),
    ("南屏", "2", 20.0, "30%", None),
    ("Rain", "col_1", 40.0, 5.0, 'say "x"'),
    ("临江", "3", None, "", "b"),
)
TABLE = Table("t", "Table_t", "房价表", HEADER, TYPES, ROWS)
_OPERATORS = sorted(OPERATORS, key=len, reverse=True)


def query(written: str) -> Query:
    """`SUM2,0 | 0==临江 or 2>5`: aggregates with columns, then conditions with one connector between all."""
    select, _, where = written.partition("|")
    connector = next((name for name in CONNECTORS[1:] if f" {name} " in where), "")
    conditions = where.split(f" {connector} ") if connector else [where] if where.strip() else []
    return Query(
        tuple(_selected(each.strip()) for each in select.split(",") if each.strip()),
        CONNECTORS.index(connector),
        tuple(_condition(each.strip()) for each in conditions),
    )


def _selected(written: str) -> tuple[int, int]:
    name = written.rstrip("0123456789")
    return int(written[len(name) :]), AGGREGATES.index(name)


def _condition(written: str) -> Condition:
    operator = min((each for each in _OPERATORS if each in written), key=written.index)
    column, _, value = written.partition(operator)
    return Condition(int(column), OPERATORS.index(operator), value)


def executor(folder: Path, *tables: Table) -> Executor:
    """Of a new database with these tables."""
    folder.mkdir(parents=True, exist_ok=True)
    with DatabaseWriter(folder / "tables.db") as writer:
        for table in tables:
            writer.add(table)
    return Executor(folder / "tables.db", {table.id: table for table in tables})
