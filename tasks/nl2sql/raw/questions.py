"""Check a line of the raw questions, and convert it to a question."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tasks.nl2sql.query import schema
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, NONE, OPERATORS, Query, Question, Table
from tasks.text.validation.json_lines import Mismatch, described, missing, wrong_text

_KEYS = {"question", "table_id", "sql"}
_QUERY_KEYS = ("sel", "agg", "cond_conn_op", "conds")


class ParsedQuestion(NamedTuple):
    """The question of a valid line, with its unusual features."""

    question: Question
    numbers: tuple[str, ...]
    """Values that are numbers in the file."""
    idle_connector: bool
    """Whether the line has a connector for fewer than two conditions; the query has none."""
    labelled: bool
    """Whether the line has an sql, which is ignored in the test file."""


def parse_question(
    value: dict[str, Any], name: str, tables: Mapping[str, Table], *, labelled: bool, complete: bool
) -> ParsedQuestion | list[Mismatch]:
    """The question of a line's object, or all that is wrong with it.

    Args:
        name: its id.
        tables: of its part, by id.
        labelled: whether a query is required; else it is ignored.
        complete: whether these are all tables, so that any other id is wrong.
    """
    wrong = [found for key in ("question", "table_id") for found in wrong_text(value, key, keys=_KEYS)]
    table = None if wrong else tables.get(value["table_id"])
    if complete and not wrong and table is None:
        wrong.append(Mismatch("the id of one of the part's tables", described(value["table_id"])))
    if labelled:
        wrong += _wrong_query(value, len(table.header) if table else None)
    if wrong:
        return wrong
    fields = name, value["question"], value["table_id"]
    if not labelled:
        return ParsedQuestion(Question(*fields, None), (), False, "sql" in value)
    sql = value["sql"]
    numbers = tuple(f"{each}" for _, _, each in sql["conds"] if not isinstance(each, str))
    idle = len(sql["conds"]) < 2 and sql["cond_conn_op"] != NONE
    given = _given(sql) if numbers or idle else None
    return ParsedQuestion(Question(*fields, _query(sql), given), numbers, idle, True)


def parse_query(sql: dict[str, Any], columns: int) -> Query | list[Mismatch]:
    """The query of this JSON for a table of so many columns, or all that is wrong with it."""
    wrong = list(_wrong_query({"sql": sql}, columns))
    return wrong or _query(sql)


def _query(sql: dict[str, Any]) -> Query:
    # Numbers become text as in the SQL of the competition's own program.
    conditions = tuple(schema.Condition(column, code, f"{value}") for column, code, value in sql["conds"])
    connector = sql["cond_conn_op"] if len(conditions) > 1 else NONE
    return Query(tuple(zip(sql["sel"], sql["agg"], strict=True)), connector, conditions)


def _given(sql: dict[str, Any]) -> Query:
    conditions = tuple(schema.Condition(*condition) for condition in sql["conds"])
    return Query(tuple(zip(sql["sel"], sql["agg"], strict=True)), sql["cond_conn_op"], conditions)


def _wrong_query(value: dict[str, Any], columns: int | None) -> Iterator[Mismatch]:
    if "sql" not in value:
        yield missing(value, "sql", keys=_KEYS)
    elif not isinstance(sql := value["sql"], dict):
        yield Mismatch('an object as "sql"', described(sql))
    elif absent := [key for key in _QUERY_KEYS if key not in sql]:
        yield from (missing(sql, key, keys=_QUERY_KEYS) for key in absent)
    else:
        yield from _wrong_select(sql, columns)
        yield from _wrong_conditions(sql, columns)


def _wrong_select(sql: dict[str, Any], columns: int | None) -> Iterator[Mismatch]:
    for key in ("sel", "agg"):
        if not isinstance(sql[key], list):
            yield Mismatch(f'a list as "{key}"', described(sql[key]))
            return
    selected, aggregates = sql["sel"], sql["agg"]
    if not selected:
        yield Mismatch('at least one column in "sel"', "none")
    if len(selected) != len(aggregates):
        yield Mismatch(f'an aggregate for each of {len(selected):,} columns in "agg"', f"{len(aggregates):,}")
    for position, column in enumerate(selected, 1):
        yield from _wrong_column(column, columns, f'as entry {position} of "sel"')
    for position, code in enumerate(aggregates, 1):
        yield from _wrong_code(code, AGGREGATES, f'an aggregate as entry {position} of "agg"')


def _wrong_conditions(sql: dict[str, Any], columns: int | None) -> Iterator[Mismatch]:
    connector, conditions = sql["cond_conn_op"], sql["conds"]
    wrong = list(_wrong_code(connector, CONNECTORS, 'a connector as "cond_conn_op"'))
    yield from wrong
    if not isinstance(conditions, list):
        yield Mismatch('a list as "conds"', described(conditions))
        return
    if not wrong and connector == NONE and len(conditions) > 1:
        expected = f'1 or 2 as "cond_conn_op", for there are {len(conditions):,} conditions'
        yield Mismatch(expected, described(connector))
    for position, condition in enumerate(conditions, 1):
        yield from _wrong_condition(condition, columns, f"condition {position}")


def _wrong_condition(condition: Any, columns: int | None, place: str) -> Iterator[Mismatch]:
    if not isinstance(condition, list) or len(condition) != 3:
        yield Mismatch(f"a list of column, operator and value as {place}", described(condition))
        return
    column, operator, value = condition
    yield from _wrong_column(column, columns, f"in {place}")
    yield from _wrong_code(operator, OPERATORS, f"an operator in {place}")
    if not isinstance(value, str | float) and not _is_whole(value):
        yield Mismatch(f"text or a number as value of {place}", described(value))


def _wrong_column(column: Any, columns: int | None, place: str) -> Iterator[Mismatch]:
    most = "" if columns is None else f" to {columns - 1:,}"
    if not _is_whole(column) or column < 0 or (columns is not None and column >= columns):
        yield Mismatch(f"a column of 0{most} {place}", described(column))


def _wrong_code(code: Any, codes: tuple[str, ...], what: str) -> Iterator[Mismatch]:
    if not _is_whole(code) or not 0 <= code < len(codes):
        yield Mismatch(f"{what}, 0 to {len(codes) - 1}", described(code))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
