"""The synthetic questions: their codes, their variety, and that their queries find rows."""

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

import pytest

from tasks.nl2sql.query.schema import AND, EQUAL, GREATER, LESS, Cell, Condition
from tasks.nl2sql.synthetic.questions import DemoQuestion, endless_questions
from tasks.nl2sql.synthetic.tables import DemoTable, make_table
from tasks.nl2sql.synthetic.templates import TOPICS

TABLES, EACH = 40, 20


class One(NamedTuple):
    made: DemoTable
    asked: DemoQuestion


def composed() -> Iterator[One]:
    for number in range(TABLES):
        made = make_table(number, seed=0)
        yield from (One(made, asked) for asked in islice(endless_questions(made, Random(number)), EACH))


@pytest.fixture(scope="module")
def everything() -> list[One]:
    return list(composed())


def share(found: list[One], holds: Callable[[One], object]) -> float:
    return sum(bool(holds(one)) for one in found) / len(found)


def kind(one: One, column: int) -> str:
    return one.made.columns[column].field.kind


def holds(cell: Cell, condition: Condition) -> bool:
    """Whether a row with this cell is found."""
    if cell in ("", None):
        return False
    if isinstance(cell, str) and not cell.endswith("%"):
        return (cell == condition.value) is (condition.operator == EQUAL)
    one, other = (float(str(value).rstrip("%")) for value in (cell, condition.value))
    return {GREATER: one > other, LESS: one < other, EQUAL: one == other}.get(
        condition.operator, one != other
    )


def test_every_query_finds_a_row(everything: list[One]) -> None:
    for made, asked in everything:
        together = all if asked.query.connector == AND else any
        rows = made.table.rows
        assert any(together(holds(row[each.column], each) for each in asked.query.conditions) for row in rows)


def test_all_codes_occur(everything: list[One]) -> None:
    queries = [asked.query for _, asked in everything]
    assert {aggregate for query in queries for _, aggregate in query.select} == set(range(6))
    assert {each.operator for query in queries for each in query.conditions} == set(range(4))
    assert {query.connector for query in queries} == {0, 1, 2}
    assert {len(query.conditions) for query in queries} == {1, 2, 3}
    assert {len(query.select) for query in queries} == {1, 2}


def test_codes_go_with_types_and_numbers_of_conditions(everything: list[One]) -> None:
    for made, asked in everything:
        select, connector, conditions = asked.query
        assert (connector == 0) is (len(conditions) == 1)
        assert all(made.table.types[column] == "real" or aggregate in (0, 4) for column, aggregate in select)
        assert all(made.table.types[each.column] == "real" or each.operator > 1 for each in conditions)
        assert len(set(conditions)) == len(conditions)


def test_questions_are_as_varied_as_meant(everything: list[One]) -> None:
    assert 0.3 < share(everything, lambda one: len(one.asked.query.conditions) > 1) < 0.7
    assert 0.15 < share(everything, lambda one: twice(one.asked)) < 0.4
    assert 0.05 < share(everything, lambda one: not literal(one)) < 0.3
    assert share(everything, lambda one: not named(one)) > 0.1


def twice(asked: DemoQuestion) -> bool:
    columns = [each.column for each in asked.query.conditions]
    return len(set(columns)) < len(columns)


def literal(one: One) -> bool:
    """Whether all values stand in the question as in the query."""
    return all(each.value in one.asked.text for each in one.asked.query.conditions)


def named(one: One) -> bool:
    """Whether the selected columns are called by their headers, but for the key."""
    headers = [
        one.made.table.header[column] for column, _ in one.asked.query.select if kind(one, column) != "key"
    ]
    return all(header in one.asked.text for header in headers)


def test_no_question_comes_twice_to_a_table(everything: list[One]) -> None:
    for number in range(TABLES):
        texts = [one.asked.text for one in everything[number * EACH : (number + 1) * EACH]]
        assert len(set(texts)) == EACH


def test_nothing_of_a_pattern_is_left_over(everything: list[One]) -> None:
    assert not [asked.text for _, asked in everything if set(asked.text) & set("{}|")]


def test_tables_hold_what_loaders_must_survive(everything: list[One]) -> None:
    found = [make_table(number, seed=0).table for number in range(TABLES)]
    cells = [cell for each in found for row in each.rows for cell in row]
    assert None in cells
    assert "" in cells
    assert any(isinstance(cell, str) and "'" in cell for cell in cells)
    assert any(isinstance(cell, str) and cell.endswith("%") for cell in cells)
    assert any("(%)" in header for each in found for header in each.header)
    assert any("（" in header for each in found for header in each.header)


def test_tables_of_a_topic_differ_in_columns_and_rows_but_names_stay_unique() -> None:
    first, second = make_table(0, seed=0), make_table(len(TOPICS), seed=0)
    assert first.topic == second.topic
    assert set(first.table.header) != set(second.table.header)
    for number in range(TABLES):
        each = make_table(number, seed=0)
        assert len(set(each.table.header)) == len(each.table.header)
        assert all(len(row) == len(each.table.header) for row in each.table.rows)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.noun)
def test_no_name_means_two_columns_of_a_topic(topic) -> None:
    names = [name for field in (topic.key, *topic.fields) for name in field.headers.split("|")]
    assert len(set(names)) == len(names)
