"""Factors estimated from counts of labels: neutral without any, smoothed, by type of column."""

import numpy as np
import pytest

from tasks.nl2sql.decoding.query_factors import PRIOR, QueryFactors, rarity
from tasks.nl2sql.decoding.value_spans import SpanCondition
from tasks.nl2sql.label_counts.counts import REAL, TEXT, LabelCounts
from tasks.nl2sql.query.schema import AGGREGATES, AND, EQUAL, GREATER, LESS, OPERATORS, OR, UNEQUAL, Table
from tasks.nl2sql.wording.model import SILENT
from tests.nl2sql.usual_factors import NEUTRAL, USUAL

TABLE = Table("t", "t", "", ("城市", "单价"), ("text", "real"), ())


def counted(**fields: object) -> LabelCounts:
    """Counts of which all but these are 0."""
    return LabelCounts.zero()._replace(**{name: np.array(value, float) for name, value in fields.items()})


def conditions(*pairs: tuple[int, int]) -> list[SpanCondition]:
    return [
        SpanCondition(column, operator, 2 * place, 2 * place + 1)
        for place, (column, operator) in enumerate(pairs)
    ]


def test_without_labels_all_factors_are_1():
    *factors, wording = NEUTRAL
    assert wording is SILENT
    assert all(np.all(np.equal(value, 1)) for value in factors)


def test_nothing_is_impossible_and_nothing_is_favoured():
    many = LabelCounts(
        *(1e6 * np.round(np.random.default_rng(0).random(v.shape)) for v in LabelCounts.zero())
    )
    *factors, _ = QueryFactors.of(many)
    for value in factors:
        assert np.all(np.greater(value, 0))
        assert np.all(np.less_equal(value, 1))


@pytest.mark.parametrize("labels", [0, 10, 100, 10_000])
def test_smoothing_is_additive_towards_1(labels):
    assert rarity(0, labels) == pytest.approx(PRIOR / (labels + PRIOR))
    assert rarity(labels / 2, labels) == pytest.approx((labels / 2 + PRIOR) / (labels + PRIOR))
    assert rarity(labels, labels / 2) == 1


def test_the_more_labels_are_without_a_property_the_smaller_is_its_factor():
    found = [QueryFactors.of(counted(selected=[labels, 0])).another_selected for labels in (0, 20, 200, 2000)]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1
    assert found[-1] < 0.01


def test_a_second_column_is_as_probable_as_labels_select_two():
    tableqa = QueryFactors.of(counted(selected=[8800, 1200])).another_selected
    assert tableqa == pytest.approx(2 * 1200 / 8800, rel=0.01)


def test_texts_are_neither_greater_nor_summed_where_labels_never_do_it():
    operators, aggregates = np.zeros((2, 4)), np.zeros((2, 6))
    operators[TEXT, [EQUAL, UNEQUAL]] = operators[REAL] = 500
    aggregates[TEXT, [0, 4]] = aggregates[REAL, :4] = 500
    made = QueryFactors.of(counted(operators=operators, aggregates=aggregates))
    by_operator, by_aggregate = made.of_operators(TABLE), made.of_aggregates(TABLE)
    assert by_operator.shape == (2, len(OPERATORS))
    assert by_aggregate.shape == (2, len(AGGREGATES))
    assert (by_operator[0, [GREATER, LESS]] < 0.05).all()
    assert (by_operator[0, [EQUAL, UNEQUAL]] == 1).all()
    assert (by_operator[1, [GREATER, LESS]] == 1).all()
    assert (by_aggregate[0, [AGGREGATES.index("MAX"), AGGREGATES.index("AVG")]] < 0.05).all()
    assert by_aggregate[1, AGGREGATES.index("COUNT")] < 0.05


def test_texts_are_compared_by_size_where_labels_do_it():
    made = QueryFactors.of(counted(operators=np.full((2, 4), 100)))
    assert (made.of_operators(TABLE) == 1).all()


def test_columns_that_hold_the_value_come_before_others_by_type_and_operator():
    places = np.zeros((2, 2, 3))
    places[:, 0] = [1000, 0, 10]
    places[REAL, 1] = [100, 100, 800]
    made = QueryFactors.of(counted(places=places))
    elsewhere, nowhere = made.of_columns({1}, TABLE), made.of_columns(set(), TABLE)
    assert elsewhere.shape == nowhere.shape == (2, len(OPERATORS))
    assert elsewhere[0, EQUAL] < 0.01 < nowhere[0, EQUAL] < 0.05
    assert elsewhere[1, EQUAL] == 1
    assert nowhere[1, GREATER] == 1
    assert 0.1 < made.of_columns({0}, TABLE)[1, GREATER] < 0.2
    assert (made.of_columns({0}, TABLE)[0, [GREATER, LESS]] == 1).all()


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
    assert (USUAL.of_connector(connector, conditions(*pairs)) < 1) == contradicts


def test_contradictions_are_rarer_than_and_is_otherwise():
    made = QueryFactors.of(counted(connectors=[[500, 500], [0, 200]]))
    assert made.contradiction == pytest.approx(PRIOR / (500 / 1200 * 200 + PRIOR))
    assert QueryFactors.of(counted(connectors=[[0, 0], [50, 0]])).contradiction == 1


def test_a_column_both_asked_for_and_known_is_as_probable_as_in_labels_by_type():
    made = QueryFactors.of(counted(compared=[[0, 95], [60, 30]]))
    types = TABLE.types
    assert made.of_selection([(0, 0)], conditions((0, EQUAL)), types) == pytest.approx(PRIOR / (95 + PRIOR))
    assert made.of_selection([(1, 0)], conditions((1, GREATER)), types) == 1
    assert made.of_selection([(1, 0)], conditions((0, EQUAL)), types) == 1
    assert made.of_selection([(0, 0), (1, 0)], conditions((0, EQUAL)), types) == pytest.approx(
        PRIOR / (95 + PRIOR)
    )
    assert made.of_selection([(1, 0)], [], types) == 1


def test_characters_are_part_of_one_value_only():
    one, other, behind = (
        SpanCondition(0, EQUAL, 0, 3),
        SpanCondition(1, EQUAL, 2, 4),
        SpanCondition(1, EQUAL, 4, 5),
    )
    made = QueryFactors.of(counted(overlaps=[0, 1000]))
    assert made.of_overlaps([one, other]) < 0.01
    assert made.of_overlaps([one, behind]) == made.of_overlaps([]) == 1


def test_queries_that_find_nothing_are_as_probable_as_in_labels():
    assert QueryFactors.of(counted(found=[110, 890])).nothing_found == pytest.approx(
        (110 + PRIOR) / (890 + PRIOR)
    )
    assert QueryFactors.of(counted(found=[890, 110])).nothing_found == 1
