import numpy as np
import pytest

from tasks.core.errors import InvalidSettings
from tasks.extraction.answers import ENOUGH_LABELS, answered, distinct, thresholds
from tasks.extraction.metric import match_labels
from tasks.extraction.records import Record, triple_of
from tasks.learning.ensemble.candidates import Candidates, key

A, B, C = ("甲", "作者", "乙"), ("甲", "主角", "乙"), ("丙", "作者", "丁")
X, Y = ("x", "作者", "y"), ("x", "主角", "y")
PLAIN = {"threshold": 0.5, "by_predicate": {}, "rules": []}


def values(*records: dict) -> Candidates:
    return Candidates.of({key(triple): score for triple, score in record.items()} for record in records)


def test_a_candidate_is_its_triple():
    awkward = ('"引\\号"', "作者", "\u2028😊")
    assert triple_of(key(awkward)) == awkward


def test_candidates_that_reach_the_threshold_are_answered():
    scored = values({A: 0.5, B: 0.499}, {}, {C: 0.9})
    assert answered(scored, ["", "", ""], PLAIN) == [[A], [], [C]]


def test_predicates_may_have_thresholds_of_their_own():
    decision = {**PLAIN, "by_predicate": {"主角": 0.3, "作者": 0.8}}
    assert answered(values({A: 0.7, B: 0.3, ("a", "地点", "b"): 0.6}), [""], decision) == [
        [B, ("a", "地点", "b")]
    ]


def test_rules_see_the_text_and_what_passed_the_threshold():
    decision = {**PLAIN, "rules": ["spouses"]}
    scored = values({("甲", "妻子", "乙"): 0.9, ("丙", "妻子", "丁"): 0.1})
    assert answered(scored, ["甲娶了乙"], decision) == [[("甲", "妻子", "乙"), ("乙", "丈夫", "甲")]]
    assert answered(scored, ["甲娶了乙"], PLAIN) == [[("甲", "妻子", "乙")]]


def test_an_unknown_rule_is_named():
    with pytest.raises(InvalidSettings, match="spouse"):
        answered(values({}), [""], {**PLAIN, "rules": ["spouse"]})


def test_of_triples_that_score_as_one_the_first_is_answered():
    twice = [("《Rain》", "作者", "B"), ("rain", "作者", "b"), ("rain", "主角", "b")]
    assert distinct(twice) == [twice[0], twice[2]]
    scored = values({twice[1]: 0.9, twice[0]: 0.8})
    assert answered(scored, [""], PLAIN) == [[twice[1]]]


def records(*labels: tuple) -> list[Record]:
    return [Record(str(place), "", None, own) for place, own in enumerate(labels)]


def test_candidates_are_right_if_the_scorer_takes_them_for_a_label():
    gold = records((("《Rain》", "作者", "Bo"), C), (A,))
    scored = values({("rain", "作者", "bO"): 0.9, A: 0.8}, {B: 0.2, A: 0.1})
    right, wanted = match_labels(scored, gold)
    assert (right.tolist(), wanted) == ([True, False, False, True], 3)


def test_a_label_is_found_once_however_it_is_written():
    gold = records((("《Rain》", "作者", "Bo"),))
    scored = values({("rain", "作者", "bo"): 0.9, ("《Rain》", "作者", "Bo"): 0.8})
    right, wanted = match_labels(scored, gold)
    assert (right.sum(), wanted) == (1, 1)


def test_labels_that_score_as_one_are_wanted_once():
    assert match_labels(values({}), records((("《a》", "作者", "b"), ("A", "作者", "B"))))[1] == 1


def decided(scored: Candidates, gold: list[Record], *, by_predicate: bool) -> dict:
    right, wanted = match_labels(scored, gold)
    return thresholds(scored, right, wanted, gold, by_predicate=by_predicate)


def many(count: int) -> tuple[Candidates, list[Record]]:
    """Two predicates: right candidates of one score .4 to .5, those of the other .8; wrong ones less."""
    rows = np.arange(count)
    scored = [{A: 0.4 + row / 10 / count, X: 0.2, B: 0.8, Y: 0.6} for row in rows]
    return values(*scored), records(*[(A, B)] * count)


def test_the_threshold_lies_between_right_and_wrong():
    found = decided(*many(4), by_predicate=False)
    assert (
        0.2
        < decided(values({A: 0.4, B: 0.8, C: 0.2}), records((A, B)), by_predicate=False)["threshold"]
        < 0.4
    )
    assert found["by_predicate"] == {}


def test_frequent_predicates_are_cut_where_each_scores_best():
    found = decided(*many(ENOUGH_LABELS), by_predicate=True)["by_predicate"]
    assert found.keys() == {"作者", "主角"}
    assert 0.2 < found["作者"] < 0.4
    assert 0.6 < found["主角"] < 0.8


def test_rare_predicates_share_the_common_threshold():
    assert decided(*many(ENOUGH_LABELS - 1), by_predicate=True)["by_predicate"] == {}


def test_a_frequent_predicate_that_nobody_considered_is_cut_too():
    gold = records(*[(A,)] * ENOUGH_LABELS)
    found = decided(values(*[{B: 0.5}] * ENOUGH_LABELS), gold, by_predicate=True)
    assert 0 < found["by_predicate"]["作者"] < 1
