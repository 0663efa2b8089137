import numpy as np
import pytest

from tasks.nl2sql.query.schema import (
    AND,
    EQUAL,
    GREATER,
    LESS,
    NONE,
    OR,
    UNEQUAL,
    Condition,
    Query,
)
from tasks.nl2sql.sketch.labels import IGNORED, MOST_CONDITIONS, NO_AGGREGATE, NO_OPERATOR, labels_of


def labels(text, *conditions, select=((0, 0),), columns=4):
    connector = NONE if len(conditions) < 2 else AND
    query = Query(tuple(select), connector, tuple(Condition(*each) for each in conditions))

    starts = {each: text.find(each.value) for each in query.conditions}
    spans = {each: (start, start + len(each.value)) for each, start in starts.items() if start >= 0}
    return labels_of(query, text, columns=columns, spans=spans)


def test_a_value_tags_its_characters_with_operator_and_column():
    found = labels("销量大于30的有", (2, GREATER, "30"))
    assert found.tags.tolist() == [NO_OPERATOR] * 4 + [GREATER] * 2 + [NO_OPERATOR] * 2
    assert found.columns.tolist() == [IGNORED] * 4 + [2, 2] + [IGNORED] * 2
    assert found.begins.tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


def test_of_two_values_side_by_side_each_begins():
    found = labels("ab", (0, EQUAL, "a"), (0, EQUAL, "b"))
    assert found.begins.tolist() == [1, 1]
    assert found.tags.tolist() == [EQUAL, EQUAL]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ([(1, 0)], [6, 0, 6, 6]),
        ([(3, 5)], [6, 6, 6, 5]),
        ([(0, 4), (2, 1)], [4, 6, 1, 6]),
    ],
)
def test_columns_that_are_not_selected_have_a_class_of_their_own(select, expected):
    assert NO_AGGREGATE == 6
    assert labels("甲", select=select).select.tolist() == expected


def test_a_column_without_conditions_has_no_operator():
    found = labels("30", (1, LESS, "30"))
    assert found.operators[:, NO_OPERATOR].tolist() == [1, 0, 1, 1]
    assert found.operators[1].tolist() == [0, 1, 0, 0, 0]


def test_unlike_operators_of_one_column_share():
    found = labels("3到5", (1, GREATER, "3"), (1, LESS, "5"))
    assert found.operators[1].tolist() == [0.5, 0.5, 0, 0, 0]
    np.testing.assert_array_equal(found.operators.sum(axis=1), 1)


def test_a_value_that_is_said_nowhere_is_learned_but_for_its_characters():
    found = labels("十万以上", (1, GREATER, "100000"))
    assert set(found.tags.tolist()) == {NO_OPERATOR}
    assert found.operators[1, GREATER] == 1
    assert found.number == 1


def test_of_values_that_overlap_the_first_takes_the_characters():
    found = labels("青石巷", (0, EQUAL, "青石巷"), (1, UNEQUAL, "石"))
    assert found.columns.tolist() == [0, 0, 0]
    assert found.begins.tolist() == [1, 0, 0]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6])
def test_conditions_are_counted_up_to_the_most(count):
    found = labels("甲乙丙", *[(0, EQUAL, "甲")] * count)
    assert found.number == min(count, MOST_CONDITIONS)


def test_the_connector_is_the_query_s():
    query = Query(((0, 0),), OR, (Condition(0, EQUAL, "甲"), Condition(0, EQUAL, "乙")))
    assert labels_of(query, "甲乙", columns=1, spans={}).connector == OR
