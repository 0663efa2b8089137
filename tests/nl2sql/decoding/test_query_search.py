import json

import numpy as np
import pytest

from tasks.learning.ensemble.candidates import key
from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding.query_search import connectors, decode, selections
from tasks.nl2sql.decoding.value_spans import SpanCondition
from tasks.nl2sql.query.execution import Result
from tasks.nl2sql.query.schema import AND, EQUAL, OR, Query, Question, Table, canonical, from_json, to_json
from tasks.nl2sql.query.sql import sql
from tasks.nl2sql.wording.model import Shares
from tests.nl2sql.sketches import drawn, sketch, told
from tests.nl2sql.tiny import TABLE, executor, query
from tests.nl2sql.usual_factors import NEUTRAL, USUAL

TEXTS = {
    "临江的单价": "2 | 0==临江",
    "临江1月的单价": "2 | 0==临江 and 1==1",
    "临江和海州各自的单价": "2 | 0==临江 or 0==海州",
    "单价高于10的城市有几个": "COUNT0 | 2>10",
    "单价高于10低于40的城市": "0 | 2>10 and 2<40",
    "增长率是9.5%的最高单价": "MAX2 | 3==9.5%",
    "不是临江的城市": "0 | 0!=临江",
    "城市": "0 | ",
}
TABLES = {TABLE.id: TABLE}


def question(text: str, table: Table = TABLE) -> Question:
    return Question(text, text, table.id, None)


def name(made: Query) -> str:
    return key(to_json(canonical(made)))


def found(texts, sketches, run=None, tables=TABLES, **settings):
    asked = [question(text, next(iter(tables.values()))) for text in texts]
    return decode(sketches, asked, tables, run, settings=Decoding(**settings), factors=USUAL).records()


def certain(text: str, **changes: np.ndarray):
    return sketch(text, query(TEXTS[text]), TABLE, **changes)


@pytest.mark.parametrize("text", TEXTS)
def test_the_query_of_which_the_network_is_sure_comes_first(text):
    (record,) = found([text], [certain(text)])
    assert next(iter(record)) == name(query(TEXTS[text]))


def test_candidates_fall_in_probability_and_sum_to_one_at_most():
    texts = list(TEXTS) * 5
    sketches = [drawn(len(text), 5, seed=seed) for seed, text in enumerate(texts)]
    for record in found(texts, sketches, beam=6):
        scores = list(record.values())
        assert 1 <= len(scores) <= 6
        assert scores == sorted(scores, reverse=True)
        assert min(scores) > 0
        assert sum(scores) <= 1 + 1e-6


def test_every_candidate_is_a_canonical_query_of_the_table():
    texts = list(TEXTS) * 5
    sketches = [drawn(len(text), 5, seed=seed, sure=1) for seed, text in enumerate(texts)]
    for record in found(texts, sketches, beam=20):
        for each in record:
            made = from_json(json.loads(each))
            assert name(made) == each
            assert sql(made, TABLE)


def test_neither_company_nor_order_nor_repetition_change_anything():
    texts = list(TEXTS)
    sketches = [drawn(len(text), 5, seed=seed) for seed, text in enumerate(texts)]
    together = found(texts, sketches)
    assert together == found(texts, sketches)
    assert together == found(texts[::-1], sketches[::-1])[::-1]
    assert together == [found([text], [made])[0] for text, made in zip(texts, sketches, strict=True)]


def test_no_questions_have_no_candidates():
    assert found([], []) == []


def test_the_number_of_conditions_drops_the_less_probable_and_brings_back_what_was_passed_over():
    text = "临江1月的单价"
    one, other = certain(text), certain(text)
    one = one._replace(number=told(one.number[None], {0: 1})[0])
    one.tags[2] = 0.35 * np.eye(5)[EQUAL] + 0.65 * np.eye(5)[4]
    assert next(iter(found([text], [one])[0])) == name(query("2 | 0==临江"))
    assert next(iter(found([text], [one._replace(number=other.number)])[0])) == name(query(TEXTS[text]))
    unseen = other._replace(tags=told(other.tags, {2: 4}), number=told(other.number[None], {0: 2})[0])
    assert name(query(TEXTS[text])) in found([text], [unseen], beam=30)[0]


CONNECTORS = {
    "single conditions have none": ([(0, EQUAL)], AND, [0]),
    "two columns": ([(0, EQUAL), (1, EQUAL)], AND, [AND, OR]),
    "one of two values": ([(0, EQUAL), (0, EQUAL)], OR, [OR, AND]),
    "no two values at once, unless the network is sure": ([(0, EQUAL), (0, EQUAL)], None, [OR, AND]),
}


@pytest.mark.parametrize("case", CONNECTORS)
def test_connectors(case):
    pairs, likely, expected = CONNECTORS[case]
    asked = tuple(SpanCondition(*pair, 2 * place, 2 * place + 1) for place, pair in enumerate(pairs))
    connector = np.full(3, 1 / 3) if likely is None else np.where(np.arange(3) == likely, 0.8, 0.1)
    made = certain("临江的单价")._replace(connector=connector)
    ordered = sorted(connectors(made, asked, USUAL, Shares()), reverse=True)
    assert [each for _, each in ordered] == expected
    assert sum(share for share, _ in ordered) == pytest.approx(1)


def best_selections(none, aggregate=0, factors=USUAL, shares=Shares()):  # noqa: B008
    """The best selection where columns are not selected with these probabilities."""
    select = np.zeros((len(none), 7))
    select[:, 6], select[:, aggregate] = none, 1 - np.array(none)
    made = certain("临江的单价")._replace(select=select.astype(np.float32))
    table = TABLE._replace(types=("real",) * len(none))
    return sorted(selections(made, table, factors, shares, most=8), reverse=True)


def test_one_column_is_selected_even_if_none_is_likely():
    assert best_selections([0.9, 0.8, 0.95])[0][1] == ((1, 0),)


def test_a_second_column_is_selected_only_if_both_are_nearly_certain():
    assert best_selections([0.1, 0.3])[0][1] == ((0, 0),)
    assert best_selections([0.001, 0.001])[0][1] == ((0, 0), (1, 0))


def test_a_second_column_is_selected_sooner_where_labels_select_two():
    assert best_selections([0.1, 0.3], factors=NEUTRAL)[0][1] == ((0, 0), (1, 0))
    seldom = NEUTRAL._replace(another_selected=0.3)
    assert best_selections([0.1, 0.3], factors=seldom)[0][1] == ((0, 0),)
    assert best_selections([0.1, 0.2], factors=seldom)[0][1] == ((0, 0), (1, 0))


def test_the_wording_of_a_question_decides_where_the_network_hesitates():
    average, highest = 1, 2
    says = Shares(selected={"0": 0.2, "0 0": 0.2, "1": 0.3, "2": 9.0})
    select = np.full((2, 7), 0.01)
    select[0, [average, highest, 6]], select[1, 6] = (0.4, 0.3, 0.27), 0.94
    made = certain("临江的单价")._replace(select=select.astype(np.float32))
    table = TABLE._replace(types=("real", "real"))
    (silent, *_), (said, *_) = (
        sorted(selections(made, table, NEUTRAL, each, most=8), reverse=True) for each in (Shares(), says)
    )
    assert (silent[1], said[1]) == (((0, average),), ((0, highest),))


def test_two_columns_are_selected_where_the_wording_says_so():
    says = Shares(selected={"0": 0.1, "0 0": 6.0, "4": 0.1})
    assert best_selections([0.2, 0.6, 0.9])[0][1] == ((0, 0),)
    assert best_selections([0.2, 0.6, 0.9], shares=says, factors=NEUTRAL)[0][1] == ((0, 0), (1, 0))
    assert sum(share for share, _ in best_selections([0.2, 0.6, 0.9], shares=says)) <= 1 + 1e-9


def test_the_wording_of_a_question_weighs_connectors():
    asked = tuple(SpanCondition(column, EQUAL, 2 * column, 2 * column + 1) for column in (0, 1))
    made = certain("临江的单价")._replace(connector=np.array([0, 0.6, 0.4]))
    shares = Shares(connectors={str(AND): 0.3, str(OR): 2.0})
    assert max(connectors(made, asked, NEUTRAL, Shares()))[1] == AND
    assert max(connectors(made, asked, NEUTRAL, shares))[1] == OR


def test_the_only_column_is_selected():
    assert best_selections([0.999])[0][1] == ((0, 0),)


def test_probabilities_of_selections_sum_to_one_at_most():
    assert sum(share for share, _ in best_selections([0.2, 0.4, 0.9])) <= 1 + 1e-9


def test_texts_are_counted_rather_than_summed():
    text = "单价高于10的城市有几个"
    made = certain(text)
    made.select[0] = [0, 0, 0, 0, 0.3, 0.6, 0.1]
    assert next(iter(found([text], [made])[0])) == name(query(TEXTS[text]))


class Scripted:
    """In the place of an executor: results by query, and what was run."""

    def __init__(self, results):
        self.results, self.ran = results, []

    def run(self, table, asked):
        self.ran.append(asked)
        return self.results.get(name(asked), Result(((1.0,),)))


NOTHING = {
    "no rows": ("2", Result(())),
    "empty cells only": ("MAX2", Result(((None,),))),
    "a count of none": ("COUNT0", Result(((0,),))),
}
SOMETHING = {
    "a row": ("2", Result(((None,), (1.0,)))),
    "zero is a value": ("2", Result(((0.0,),))),
    "a count": ("COUNT0", Result(((3,),))),
}


@pytest.mark.parametrize("case", NOTHING | SOMETHING)
def test_what_finds_nothing_loses_probability_but_stays(case):
    select, result = (NOTHING | SOMETHING)[case]
    text, made = "临江的", query(f"{select} | 0==临江")
    without = found([text], [sketch(text, made, TABLE)])[0]
    with_run = found([text], [sketch(text, made, TABLE)], Scripted({name(made): result}))[0]
    expected = USUAL.nothing_found if case in NOTHING else 1
    assert with_run[name(made)] == pytest.approx(expected * without[name(made)])


def test_what_fails_is_left_out_unless_nothing_remains():
    text = "临江的单价"
    first, second, *_ = found([text], [certain(text)])[0]
    failing = Scripted({first: Result((), "refused")})
    assert next(iter(found([text], [certain(text)], failing)[0])) == second
    everything = Scripted({})
    everything.run = lambda table, asked: Result((), "time")  # type: ignore[method-assign]
    assert found([text], [certain(text)], everything) == found([text], [certain(text)])


def test_only_queries_that_could_come_first_are_run():
    text = "临江的单价"
    watched = Scripted({})
    (record,) = found([text], [certain(text)], watched, beam=50)
    assert 1 <= len(watched.ran) < len(record)
    assert name(watched.ran[0]) == next(iter(record))


def test_nothing_is_run_unless_asked_for():
    watched = Scripted({})
    found(["临江的单价"], [certain("临江的单价")], watched, execution=False)
    assert watched.ran == []


def test_a_real_executor_prefers_what_finds_something(tmp_path):
    text = "Rain月份1的单价"
    made = sketch(text, query("2 | 0==Rain and 1==1"), TABLE)
    made = made._replace(number=np.array([0, 0.45, 0.55, 0, 0], np.float32))
    run = executor(tmp_path, TABLE)
    assert name(query("2 | 0==Rain and 1==1")) == next(iter(found([text], [made])[0]))
    # no row has both
    with_run, without = found([text], [made], run)[0], found([text], [made])[0]
    gold = name(query("2 | 0==Rain and 1==1"))
    assert with_run[gold] == pytest.approx(without[gold] * USUAL.nothing_found)


def test_what_the_network_did_not_read_says_nothing():
    text = "临江的单价，还有很多话，海州"
    made = sketch(text[:5], query("2 | 0==临江"), TABLE)
    assert next(iter(found([text], [made])[0])) == name(query("2 | 0==临江"))
