import json

import numpy as np
import pytest

from tasks.extraction import dataset as files
from tasks.extraction.metric import scorer
from tasks.learning.ensemble.candidates import Candidates, key
from tests.extraction.contract import perfect
from tests.extraction.jobs import dataset

ONCE = 12


@pytest.fixture
def data(tmp_path):
    return dataset(tmp_path / "data")


def labelled(data, part="train") -> list[list]:
    return [list(each.triples) for each in files.records(data, part)]


def values(triples) -> Candidates:
    return Candidates.of({key(triple): score for triple, score in own.items()} for own in triples)


@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_labels_themselves_score_one_without_error(data, part):
    found = scorer(data, part)(perfect(data, part))
    assert tuple(found) == ("F1", 1.0, 0.0, True)
    decision = scorer(data).decide(perfect(data))
    assert scorer(data, part)(perfect(data, part), decision=decision).value == 1.0


def test_labels_of_the_test_part_are_nobodys(data):
    with pytest.raises(ValueError, match="expected a labelled part, received 'test'"):
        scorer(data, "test")


def test_f1_weighs_what_is_wrong_and_what_is_missing(data):
    wrong = ("甲", "作者", "乙")
    half = values({triple: 0.9 for triple in [*own[:1], wrong]} for own in labelled(data))
    decision = {"threshold": 0.5, "by_predicate": {}, "rules": []}
    total, right = sum(map(len, labelled(data))), sum(bool(own) for own in labelled(data))
    assert (total, right) == (15, 9)
    found = scorer(data)(half, decision=decision)
    assert found.value == pytest.approx(2 * 9 / (21 + 15))
    assert 0 < found.standard_error < 0.2


def test_without_a_decision_the_best_threshold_is_taken(data):
    scored = values({**dict.fromkeys(own, 0.3), ("甲", "作者", "乙"): 0.2} for own in labelled(data))
    score = scorer(data)
    assert score(scored).value == 1.0
    decision = score.decide(scored)
    assert 0.2 < decision["threshold"] < 0.3
    assert score(scored, decision=decision).value == 1.0
    assert score(scored, decision={**decision, "threshold": 0.25 + 0.06}).value == 0.0
    assert json.loads(json.dumps(decision)) == decision


def test_rules_that_the_settings_ask_for_are_applied_with_a_decision(data):
    married = ("甲", "妻子", "乙")
    scored = values([{married: 0.9}, *[{}] * (ONCE - 1)])
    settings = {"rules": ["spouses"], "by_predicate": False, "mode": "official"}
    score = scorer(data, settings=settings)
    decision = score.decide(scored)
    assert decision["rules"] == ["spouses"]
    assert score.counts([[married]], np.array([0])).tolist() == [[0, 1, 0, 1]]
    answered = score(scored, decision={**decision, "threshold": 0.5})
    assert (answered.value, answered.standard_error) == (0.0, 0.0)
    with_rule = scorer(data).decide(scored)
    assert with_rule["rules"] == []


def test_thresholds_by_predicate_are_chosen_where_asked_for(tmp_path):
    data = dataset(tmp_path / "many", train=240)
    scored = values(
        {triple: {"作者": 0.8, "出生地": 0.4, "成立日期": 0.9}[triple[1]] for triple in own}
        | {("x", "作者", "y"): 0.6, ("x", "出生地", "y"): 0.2}
        for own in labelled(data)
    )
    score = scorer(data, settings={"by_predicate": True})
    decision = score.decide(scored)
    assert decision["by_predicate"].keys() == {"作者", "出生地"}  # 成立日期 has too few labels
    assert score(scored, decision=decision).value == 1.0
    common = scorer(data).decide(scored)
    assert scorer(data)(scored, decision=common).value < 1.0


@pytest.mark.parametrize("mode", ["official", "strict"])
def test_a_text_that_comes_twice_counts_as_the_mode_says(tmp_path, mode):
    data = dataset(tmp_path / "data")
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()
    lines[1] = lines[0].replace("train:0", "train:1")
    (data / "train.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    score = scorer(data, settings={"mode": mode})
    counts = score.counts(labelled(data), np.arange(ONCE))
    assert counts[:2, 3].tolist() == ([0, 1] if mode == "official" else [1, 1])


def test_rows_choose_records(data):
    score, rows = scorer(data), np.array([5, 0, 3])
    assert score(perfect(data)[rows], rows).value == 1.0
    decision = score.decide(perfect(data))
    assert score(perfect(data)[rows], rows, decision=decision).value == 1.0
    assert score(perfect(data)[rows], rows[::-1], decision=decision).value < 1.0


@pytest.mark.parametrize("rows", [None, np.arange(5)])
def test_candidates_of_another_number_of_sentences_are_refused(data, rows):
    expected = ONCE if rows is None else 5
    with pytest.raises(ValueError, match=f"expected candidates of {expected} sentences, received 4"):
        scorer(data)(perfect(data)[np.arange(4)], rows)


def test_nothing_found_scores_nothing(data):
    nothing = values([{}] * ONCE)
    assert scorer(data)(nothing).value == 0.0
    decision = scorer(data).decide(nothing)
    assert scorer(data)(nothing, decision=decision) == ("F1", 0.0, 0.0, True)


def test_aliases_of_the_dataset_count(tmp_path):
    data = dataset(tmp_path / "data")
    (data / "alias.json").write_text(json.dumps({"石头记": ["青石巷"]}), "utf-8")
    renamed = [[(s.replace("青石巷", "石头记"), p, o) for s, p, o in own] for own in labelled(data)]
    decision = {"threshold": 0.5, "by_predicate": {}, "rules": []}
    assert scorer(data)(values(dict.fromkeys(own, 0.9) for own in renamed), decision=decision).value == 1.0
