"""Queries as SQL, to execute and to read; names of tables and columns in the competition's databases."""

from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, NONE, OPERATORS, Query, Table


class InvalidQuery(ValueError):
    """A query that does not fit its table."""


def sql(query: Query, table: Table) -> tuple[str, list[str]]:
    """SQL of one statement with a `?` for each value, and the values.

    Columns are `col_1`, …, as in the competition's databases.

    Raises:
        InvalidQuery: it selects nothing, has a column that the table has not, or several conditions and no
            connector.
    """
    _check_fits(query, table)
    select = ", ".join(_selected(column_name(column), aggregate) for column, aggregate in query.select)
    where = [f"{column_name(column)} {OPERATORS[operator]} ?" for column, operator, _ in query.conditions]
    text = f"SELECT {select} FROM {quoted(table.name)}{_where(where, query.connector)}"
    return text, [condition.value for condition in query.conditions]


def _check_fits(query: Query, table: Table) -> None:
    """Raise InvalidQuery for a query that SQL cannot express for this table."""
    if wrong := sorted(column for column in query.columns if not 0 <= column < len(table.header)):
        raise InvalidQuery(f"expected columns in 0…{len(table.header) - 1}, received {wrong}")
    if not query.select:
        raise InvalidQuery("expected a selected column, received none")
    if query.connector == NONE and len(query.conditions) > 1:
        raise InvalidQuery(f"expected a connector for {len(query.conditions)} conditions, received none")


def readable(query: Query, table: Table) -> str:
    """SQL for people: one line with the names of the header; not meant to be executed."""
    header = table.header
    select = ", ".join(_selected(header[column], aggregate) for column, aggregate in query.select)
    where = [
        f"{header[column]} {OPERATORS[code]} {_literal(value)}" for column, code, value in query.conditions
    ]
    text = f"SELECT {select} FROM {table.title or table.id}{_where(where, query.connector)}"
    return "".join(character if character.isprintable() else " " for character in text)


def quoted(name: str) -> str:
    """An identifier of SQLite, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def column_name(column: int) -> str:
    """The name of a column in the competition's databases."""
    return f"col_{column + 1}"


def case_folded(name: str) -> str:
    """Equal for names that SQLite takes for one: it ignores the case of ASCII letters only."""
    return "".join(each.lower() if each.isascii() else each for each in name)


def _selected(name: str, aggregate: int) -> str:
    return f"{AGGREGATES[aggregate]}({name})" if aggregate else name


def _where(conditions: list[str], connector: int) -> str:
    return f" WHERE {f' {CONNECTORS[connector]} '.join(conditions)}" if conditions else ""


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
