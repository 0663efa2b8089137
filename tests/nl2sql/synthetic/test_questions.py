"""The synthetic questions: their codes, their variety, and that their queries find rows."""

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

import pytest

from tasks.nl2sql.query.schema import AND, EQUAL, GREATER, LESS, Cell, Condition
from tasks.nl2sql.synthetic.contests import CONTESTS
from tasks.nl2sql.synthetic.questions import DemoQuestion, endless_questions
from tasks.nl2sql.synthetic.tables import DemoColumn, DemoTable, make_table
from tasks.nl2sql.synthetic.templates import TOPICS

TABLES, EACH = 40, 20


class One(NamedTuple):
    made: DemoTable
    asked: DemoQuestion


def composed(contest: str) -> Iterator[One]:
    for number in range(TABLES):
        made = make_table(number, 0, CONTESTS[contest])
        questions = endless_questions(made, Random(number), CONTESTS[contest])
        yield from (One(made, asked) for asked in islice(questions, EACH))


@pytest.fixture(scope="module")
def everything() -> list[One]:
    return list(composed("standard"))


@pytest.fixture(scope="module")
def varied() -> list[One]:
    return list(composed("varied"))


def share(found: list[One], holds: Callable[[One], object]) -> float:
    return sum(bool(holds(one)) for one in found) / len(found)


def kind(one: One, column: int) -> str:
    return one.made.columns[column].field.kind


def holds(cell: Cell, condition: Condition, column: DemoColumn) -> bool:
    """Whether a row with this cell is meant; numbers count as such though a column of them be text."""
    if cell in ("", None):
        return False
    one: float | str
    other: float | str
    if column.meaning == "text":
        one, other = str(cell), condition.value
    else:
        one, other = (float(str(value).rstrip("%")) for value in (cell, condition.value))
    greater, equal = one > other, one == other  # type: ignore[operator]  # both are of one type
    return {GREATER: greater, LESS: not (greater or equal), EQUAL: equal}.get(condition.operator, not equal)


@pytest.mark.parametrize("contest", CONTESTS)
def test_every_query_finds_a_row(contest: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue("varied" if contest == "varied" else "everything")
    for made, asked in found:
        if not asked.query.conditions:
            continue
        together = all if asked.query.connector == AND else any
        rows = made.table.rows
        columns = made.columns
        assert any(
            together(holds(row[each.column], each, columns[each.column]) for each in asked.query.conditions)
            for row in rows
        )


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


def test_a_varied_contest_asks_what_a_standard_one_never_asks(varied: list[One]) -> None:
    queries = [one.asked.query for one in varied]
    assert 0.1 < share(varied, lambda one: len(one.asked.query.select) > 1) < 0.17
    assert 0.06 < share(varied, lambda one: not one.asked.query.conditions) < 0.14
    assert 0.2 < share(varied, by_size) < 0.4
    assert 0.1 < share(varied, on_selected) < 0.2
    assert all((query.connector == 0) is (len(query.conditions) < 2) for query in queries)
    assert all(len({column for column, _ in query.select}) == len(query.select) for query in queries)


def by_size(one: One) -> bool:
    """Whether a text is compared by size."""
    return any(
        one.made.table.types[each.column] == "text" and each.operator in (GREATER, LESS)
        for each in one.asked.query.conditions
    )


def on_selected(one: One) -> bool:
    """Whether a selected column has a condition."""
    columns = {each.column for each in one.asked.query.conditions}
    return any(column in columns for column, _ in one.asked.query.select)


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


def test_nothing_of_a_pattern_is_left_over(everything: list[One], varied: list[One]) -> None:
    assert not [asked.text for _, asked in everything + varied if set(asked.text) & set("{}|")]


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
