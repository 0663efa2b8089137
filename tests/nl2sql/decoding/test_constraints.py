import pytest

from tasks.nl2sql.decoding import constraints
from tasks.nl2sql.decoding.value_spans import Asked
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


def asked(*pairs: tuple[int, int]) -> list[Asked]:
    return [
        Asked(column, operator, 2 * place, 2 * place + 1) for place, (column, operator) in enumerate(pairs)
    ]


def test_texts_are_neither_greater_nor_summed():
    operators, aggregates = constraints.of_operators(TABLE), constraints.of_aggregates(TABLE)
    assert operators.shape == (2, len(OPERATORS))
    assert aggregates.shape == (2, len(AGGREGATES))
    assert (operators[0, [GREATER, LESS]] < 0.1).all()
    assert (operators[0, [EQUAL, UNEQUAL]] == 1).all()
    assert (operators[1] == 1).all()
    assert (aggregates[0, [AGGREGATES.index("SUM"), AGGREGATES.index("AVG")]] < 0.1).all()
    assert aggregates[1, AGGREGATES.index("COUNT")] < 1


def test_nothing_is_impossible():
    assert constraints.of_operators(TABLE).min() > 0
    assert constraints.of_aggregates(TABLE).min() > 0
    assert constraints.of_columns([1], 2).min() > 0


def test_columns_that_hold_the_value_come_before_others():
    assert constraints.of_columns([0, 2], 3).tolist() == [1, constraints.ELSEWHERE, 1]


def test_a_value_that_stands_nowhere_says_nothing_of_columns_but_something_against_its_ends():
    assert set(constraints.of_columns([], 3).tolist()) == {constraints.NOWHERE}


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
    assert (constraints.of_connector(connector, asked(*pairs)) < 1) == contradicts


def test_a_column_is_seldom_both_asked_for_and_known():
    assert constraints.of_selection([(0, 0)], asked((0, EQUAL))) < 1
    assert constraints.of_selection([(1, 0)], asked((0, EQUAL))) == 1
    assert constraints.of_selection([(1, 0)], []) == 1


def test_characters_are_part_of_one_value_only():
    one, other, behind = Asked(0, EQUAL, 0, 3), Asked(1, EQUAL, 2, 4), Asked(1, EQUAL, 4, 5)
    assert constraints.of_places([one, other]) < 1
    assert constraints.of_places([one, behind]) == constraints.of_places([]) == 1
