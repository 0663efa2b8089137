"""The columns of a table that a label or an answer speaks of, with what either says and a few cells."""

from collections.abc import Iterable

from tasks.core import page
from tasks.nl2sql.records import AGGREGATES, OPERATORS, Cell, Condition, Query, Table
from tasks.text.lines import printable

ROWS = 2
"""Of the table, from its beginning."""
OTHERS = 3
"""Most columns that neither query speaks of, for the reader to see what the table is about."""
LONGEST = 40
"""Characters of a heading, a cell or a value."""
EMPTY = "(empty)"


def excerpt(table: Table, gold: Query, answer: Query) -> page.Table:
    """A line for each column concerned, in the table's order; then the first few others."""
    told = {column for query in (gold, answer) for column in _columns(query)}
    concerned = [column for column in range(len(table.header)) if column in told]
    others = [column for column in range(len(table.header)) if column not in told]
    rows = [_row(table, column, gold, answer) for column in [*concerned, *others[:OTHERS]]]
    columns = ["column", "type", "labelled", "answered", *(f"row {row}" for row in range(1, ROWS + 1))]
    title = printable(table.title, longest=LONGEST) or "Without title"
    size = f"{len(table.rows):,} rows, {len(table.header):,} columns"
    return page.Table(columns, rows, f"{title}: {size}.")


def _columns(query: Query) -> Iterable[int]:
    return [column for column, _ in query.select] + [each.column for each in query.conditions]


def _row(table: Table, column: int, gold: Query, answer: Query) -> list[object]:
    cells: list[Cell] = [row[column] for row in table.rows[:ROWS]]
    shown = [_cell(cell) for cell in cells] + [""] * (ROWS - len(cells))
    heading = printable(table.header[column], longest=LONGEST) or EMPTY
    return [heading, table.types[column], said(gold, column), said(answer, column), *shown]


def said(query: Query, column: int) -> str:
    """What a query says of a column."""
    selected = [f"select {AGGREGATES[aggregate]}".strip() for own, aggregate in query.select if own == column]
    return "; ".join(selected + [_condition(each) for each in query.conditions if each.column == column])


def _condition(condition: Condition) -> str:
    return f"{OPERATORS[condition.operator]} {printable(condition.value, longest=LONGEST) or EMPTY}"


def _cell(cell: Cell) -> str:
    """As text, for a column of the excerpt has cells of many types."""
    return printable("" if cell is None else str(cell), longest=LONGEST)
