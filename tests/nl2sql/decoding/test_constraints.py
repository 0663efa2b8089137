import pytest

from tasks.nl2sql.decoding import constraints
from tasks.nl2sql.decoding.value_spans import SpanCondition
from tasks.nl2sql.query.schema import (
    AGGREGATES,
    AND,
    EQUAL,
    GREATER,
    LESS,
    OPERATORS,
    OR,
    UNEQUAL,
    Table,
)

TABLE = Table("t", "t", "", ("城市", "单价"), ("text", "real"), ())


def conditions(*pairs: tuple[int, int]) -> list[SpanCondition]:
    return [
        SpanCondition(column, operator, 2 * place, 2 * place + 1)
        for place, (column, operator) in enumerate(pairs)
    ]


def test_texts_are_neither_greater_nor_summed():
    operators, aggregates = constraints.operator_factors(TABLE), constraints.aggregate_factors(TABLE)
    assert operators.shape == (2, len(OPERATORS))
    assert aggregates.shape == (2, len(AGGREGATES))
    assert (operators[0, [GREATER, LESS]] < 0.1).all()
    assert (operators[0, [EQUAL, UNEQUAL]] == 1).all()
    assert (operators[1] == 1).all()
    assert (aggregates[0, [AGGREGATES.index("SUM"), AGGREGATES.index("AVG")]] < 0.1).all()
    assert aggregates[1, AGGREGATES.index("COUNT")] < 1


def test_nothing_is_impossible():
    assert constraints.operator_factors(TABLE).min() > 0
    assert constraints.aggregate_factors(TABLE).min() > 0
    assert constraints.column_factors([1], 2).min() > 0


def test_columns_that_hold_the_value_come_before_others():
    assert constraints.column_factors([0, 2], 3).tolist() == [1, constraints.ELSEWHERE, 1]


def test_a_value_that_stands_nowhere_says_nothing_column_factors_but_something_against_its_ends():
    assert set(constraints.column_factors([], 3).tolist()) == {constraints.NOWHERE}


CONNECTORS = {
    "one column shall equal two values": (AND, [(0, EQUAL), (0, EQUAL)], True),
    "or one of them": (OR, [(0, EQUAL), (0, EQUAL)], False),
    "two columns": (AND, [(0, EQUAL), (1, EQUAL)], False),
    "a range": (AND, [(1, GREATER), (1, LESS)], False),
    "equal and not": (AND, [(1, EQUAL), (1, UNEQUAL)], False),
}


@pytest.mark.parametrize("case", CONNECTORS)
def test_contradictions_between_conditions(case):
    connector, pairs, contradicts = CONNECTORS[case]
    assert (constraints.connector_factor(connector, conditions(*pairs)) < 1) == contradicts


def test_a_column_is_seldom_both_asked_for_and_known():
    assert constraints.selection_factor([(0, 0)], conditions((0, EQUAL))) < 1
    assert constraints.selection_factor([(1, 0)], conditions((0, EQUAL))) == 1
    assert constraints.selection_factor([(1, 0)], []) == 1


def test_characters_are_part_of_one_value_only():
    one, other, behind = (
        SpanCondition(0, EQUAL, 0, 3),
        SpanCondition(1, EQUAL, 2, 4),
        SpanCondition(1, EQUAL, 4, 5),
    )
    assert constraints.overlap_factor([one, other]) < 1
    assert constraints.overlap_factor([one, behind]) == constraints.overlap_factor([]) == 1
