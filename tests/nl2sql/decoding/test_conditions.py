import numpy as np
import pytest

from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding.conditions import MOST_READINGS, QuestionContext, TableContext, span_choices
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.decoding.value_spans import SpanCondition, find_spans
from tasks.nl2sql.query.schema import EQUAL, GREATER, Condition, Table
from tests.nl2sql.sketches import drawn, sketch, told
from tests.nl2sql.tiny import query
from tests.nl2sql.usual_factors import NEUTRAL, USUAL

ROWS = (("临江公司", "临江", 10.0, "9.5%"), ("海州", "海州港", 2021.0, "30%"), ("海州", "Rain", 3.5, None))
TABLE = Table("t", "t", "", ("公司", "城市", "单价", "增长率"), ("text", "text", "real", "real"), ROWS)


def context(text: str, factors: QueryFactors = USUAL, **settings: bool) -> QuestionContext:
    return QuestionContext(text, TableContext.of(TABLE, factors), Decoding(**settings))


def best(text: str, made: SketchProbabilities, factors: QueryFactors = USUAL) -> list[Condition]:
    """The most probable condition of each span."""
    known = context(text, factors)
    slots = span_choices(find_spans([made])[0], made, known)
    return [known.condition(slot[0][1]) for slot in slots if slot[0][1]]


def certain(text: str, where: str) -> SketchProbabilities:
    return sketch(text, query(f"0 | {where}"), TABLE)


STATED = {
    "临江的单价": "1==临江",
    "单价高于3.5": "2>3.5",
    "增长率是9.5%": "3==9.5%",
    "临江和Rain的单价": "1==临江 or 1==Rain",
    "单价高于3.5低于10": "2>3.5 and 2<10",
    "不在Rain": "1!=Rain",
    "临": "1==临",
}


@pytest.mark.parametrize("text", STATED)
def test_spans_say_the_conditions_of_which_the_network_is_sure(text):
    assert best(text, certain(text, STATED[text])) == list(query(f"0 | {STATED[text]}").conditions)


def test_probabilities_of_a_span_sum_to_one_at_most_and_one_choice_is_nothing():
    for seed in range(20):
        text = "临江和Rain的单价高于3.5"
        made = drawn(len(text), 4, seed=seed)
        for slot in span_choices(find_spans([made])[0], made, context(text)):
            shares = [share for share, _ in slot]
            assert shares == sorted(shares, reverse=True)
            assert sum(shares) <= 1 + 1e-9
            assert min(shares) >= 0
            assert sum(asked is None for _, asked in slot) == 1
            assert len(slot) <= MOST_READINGS + 1


def test_a_value_goes_to_the_column_that_has_it():
    text = "海州港的单价"
    unsure = certain(text, "1==海州港")._replace(columns=np.full((len(text), 4), 0.25, np.float32))
    assert best(text, unsure) == [Condition(1, EQUAL, "海州港")]


def test_the_network_decides_between_columns_that_both_have_it():
    text, both = "找海州的", TABLE._replace(id="both", rows=(*ROWS, ("x", "海州", 1.0, None)))
    made = sketch(text, query("2 | 1==海州"), both)
    known = QuestionContext(text, TableContext.of(both, USUAL), Decoding())
    assert span_choices(find_spans([made])[0], made, known)[0][0][1] == SpanCondition(1, EQUAL, 1, 3)


def test_a_span_grows_and_shrinks_to_the_cell_that_it_means():
    text = "海州港的单价"
    short = certain(text, "1==海州港")
    short = short._replace(tags=told(short.tags, {2: 4}))
    assert best(text, short) == [Condition(1, EQUAL, "海州港")]
    long = certain(text, "1==海州港")
    long = long._replace(tags=told(long.tags, {3: EQUAL}), columns=told(long.columns, {3: 1}))
    assert best(text, long) == [Condition(1, EQUAL, "海州港")]


@pytest.mark.parametrize(
    ("factors", "column", "operator"),
    [(USUAL, 1, EQUAL), (USUAL, 2, GREATER), (NEUTRAL, 1, GREATER), (NEUTRAL, 2, GREATER)],
    ids=["text, where labels never do it", "number", "text, where nothing is known", "number there"],
)
def test_a_text_column_is_compared_by_size_only_where_labels_may_do_it(factors, column, operator):
    text = "找Rain3.5"
    made = certain(text, f"{column}=={'Rain' if column == 1 else '3.5'}")
    unsure = np.array([0.6, 0.05, 0.3, 0.05, 0], np.float32)  # rather greater than equal
    tags = np.where(made.tags.argmax(axis=1, keepdims=True) == EQUAL, unsure, made.tags)
    operators = np.broadcast_to(unsure, made.operators.shape)
    found = best(text, made._replace(tags=tags, operators=operators), factors)
    assert [each[:2] for each in found] == [(column, operator)]


def test_numbers_are_read_as_the_table_writes_them_only_if_asked_for():
    text = "单价高于二十万"
    asked = SpanCondition(2, GREATER, 4, 7)
    assert context(text, normalise=False).condition(asked).value == "二十万"
    assert context(text).condition(asked).value != "二十万"


def test_cells_are_taken_for_what_no_cell_is_only_if_asked_for_and_where_cells_are_compared():
    text = "叫海洲港的"
    asked = SpanCondition(1, EQUAL, 1, 4)
    assert context(text).condition(asked).value == "海州港"
    assert context(text, cells=False).condition(asked).value == "海洲港"
    assert context(text).condition(asked._replace(operator=GREATER)).value == "海洲港"


def test_a_cell_stays_as_it_is_said():
    assert context("公司是海州").condition(SpanCondition(0, EQUAL, 3, 5)).value == "海州"


def test_spans_of_white_space_are_none():
    text = "在 的"
    made = certain(text, "1==x")
    made = made._replace(tags=told(made.tags, {1: EQUAL}), begins=told(made.begins, {1: 0.9}))
    assert span_choices(find_spans([made])[0], made, context(text)) == []
