"""Invented questions: their queries fit the table, say what the text says, and are of every kind."""

import re
from collections import Counter

import numpy as np
import pytest

from tasks.nl2sql.augmentation.column_statistics import TableStatistics
from tasks.nl2sql.augmentation.invented_questions import invented
from tasks.nl2sql.query.schema import (
    AND,
    AVG,
    COUNT,
    EQUAL,
    GREATER,
    LESS,
    MAX,
    MIN,
    NONE,
    OR,
    SUM,
    UNEQUAL,
    Query,
    Question,
    Table,
)

SHOPS = Table(
    "shops",
    "Table_shops",
    "表1",
    ("店名", "城市", "利润", "成本(元)", "占比", "开业日期"),
    ("text", "text", "real", "real", "text", "text"),
    (
        ("晨光店", "临江", 120.5, 880.25, "12.5%", "2018-05-06"),
        ("云河店", "海州", 310.75, 95.5, "40.25%", "2019-01-30"),
        ("知味店", "南屏", None, "None", "33.5%", "2020-12-01"),
    ),
)
GIVEN = Question("train:1", "有几家店", "shops", Query(((0, COUNT),), NONE, ()))
DRAWN = 600


def drawn(table: Table = SHOPS) -> list[Question]:
    statistics = TableStatistics(table)
    return [invented(GIVEN, statistics, np.random.default_rng(seed)) for seed in range(DRAWN)]


def queries(table: Table = SHOPS) -> list[Query]:
    found = [question.query for question in drawn(table)]
    return [query for query in found if query is not None]


def test_the_state_of_the_generator_decides() -> None:
    assert drawn() == drawn()
    assert len({question.text for question in drawn()}) > DRAWN / 2


def test_it_keeps_its_id_and_its_table() -> None:
    assert {(question.id, question.table) for question in drawn()} == {("train:1", "shops")}


def test_every_aggregate_operator_connector_and_number_of_conditions_occurs() -> None:
    aggregates = {aggregate for query in queries() for _, aggregate in query.select}
    operators = {condition.operator for query in queries() for condition in query.conditions}
    assert aggregates == {NONE, AVG, MAX, MIN, COUNT, SUM}
    assert operators == {GREATER, LESS, EQUAL, UNEQUAL}
    assert {query.connector for query in queries()} == {NONE, AND, OR}
    assert {len(query.conditions) for query in queries()} == {0, 1, 2, 3}
    assert {len(query.select) for query in queries()} == {1, 2}


def test_a_connector_joins_several_conditions() -> None:
    assert all((query.connector != NONE) == (len(query.conditions) > 1) for query in queries())


def test_texts_are_counted_and_compared_for_equality_alone() -> None:
    words = {0, 1, 5}
    for query in queries():
        assert {aggregate for column, aggregate in query.select if column in words} <= {NONE, COUNT}
        assert {each.operator for each in query.conditions if each.column in words} <= {EQUAL, UNEQUAL}


@pytest.mark.parametrize("operator", [EQUAL, UNEQUAL])
def test_equal_values_are_cells(operator: int) -> None:
    cells = {str(cell) for row in SHOPS.rows for cell in row} - {"None"}
    values = {each.value for query in queries() for each in query.conditions if each.operator == operator}
    assert values <= cells


def test_bounds_are_numbers_with_the_sign_of_their_column() -> None:
    bounds = [each for query in queries() for each in query.conditions if each.operator in (GREATER, LESS)]
    assert all(re.fullmatch(r"[\d.]+%?", each.value) for each in bounds)
    assert Counter(each.value.endswith("%") for each in bounds if each.column == 4).keys() == {True}
    assert not any(each.value.endswith("%") for each in bounds if each.column != 4)
    cells = {str(cell) for row in SHOPS.rows for cell in row}
    assert {each.value in cells for each in bounds} == {True, False}


def test_the_text_has_selected_names_and_values_of_text() -> None:
    for question in drawn():
        assert question.query is not None
        for column, _ in question.query.select:
            assert SHOPS.header[column].removesuffix("(元)") in question.text
        for column, _, value in question.query.conditions:
            assert column in (2, 3, 4) or value in question.text


def test_a_table_without_cells_or_names_leaves_the_question() -> None:
    for table in (SHOPS._replace(rows=()), SHOPS._replace(header=("名",) * 6)):
        assert set(drawn(table)) == {GIVEN}
