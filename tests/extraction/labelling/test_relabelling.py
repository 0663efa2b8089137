import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.competition import Scores
from tasks.core.errors import InvalidSettings
from tasks.extraction.labelling.cleaning import PART, Changes, cleaned, relabelled
from tasks.extraction.records import Record
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.pool import pool

A, B, C = ("甲", "作者", "乙"), ("甲", "作者", "丙"), ("丁", "主角", "乙")
LIMITS = {"add_above": 0.9, "drop_below": 0.2}


@pytest.mark.parametrize(
    ("labels", "scores", "left"),
    [
        ([A], {A: 0.5}, [A]),
        ([A], {A: 0.2}, [A]),  # on the limit it stays
        ([A], {A: 0.19}, []),
        ([A], {}, []),  # no candidate
        ([A], {A: 0.5, B: 0.9}, [A, B]),  # on the limit it is added
        ([A], {A: 0.5, B: 0.89}, [A]),
        ([], {A: 0.95, B: 0.99}, [B, A]),  # the surest first
        ([], {B: 0.95, A: 0.95}, sorted([A, B])),
        ([B, A], {A: 1.0, B: 1.0}, [B, A]),
        ([A], {B: 0.99}, [B]),
    ],
)
def test_labels_are_dropped_and_added_by_their_scores(labels, scores, left):
    assert cleaned(labels, scores, **LIMITS) == tuple(left)


def test_what_the_scorer_takes_for_the_same_is_neither_dropped_nor_added_again():
    given, seen = ("《Rain》", "作者", "乙"), ("rain", "作者", "乙")
    assert cleaned([given], {seen: 0.99}, **LIMITS) == (given,)
    assert cleaned([given], {seen: 0.3, given: 0.01}, **LIMITS) == (given,)


def test_limits_of_nothing_and_all_change_nothing():
    assert cleaned([A], {B: 0.999}, add_above=1.0, drop_below=0.0) == (A,)


def test_only_sentences_with_scores_change(tmp_path):
    records = [Record(id, "甲乙丙丁", None, (A,)) for id in ("t:1", "t:2", "t:3")]
    values = Candidates.of([{key(A): 0.01, key(B): 0.95}, {key(A): 0.9}])
    prediction_files.write(tmp_path, PART, Scores(["t:3", "t:2"], values))
    found, changes = relabelled(records, tmp_path, **LIMITS)
    assert [each.triples for each in found] == [(A,), (A,), (B,)]
    assert [each._replace(triples=()) for each in found] == [each._replace(triples=()) for each in records]

    assert changes == (2, 1, 1)


def test_a_share_of_dropped_labels_is_told_and_refused_above_the_limit():
    changes = Changes(labels=1200, dropped=900, added=3)
    assert changes.text == "second round: 900 of 1,200 labels dropped (75.0%), 3 added"
    changes.check(0.75)
    with pytest.raises(InvalidSettings, match=r"most_dropped: expected at most 30% .* 900 of 1,200 \(75%\)"):
        changes.check(0.3)
    Changes().check(0.0)  # no labels at all


def first_round(*ids: str) -> Artifact:
    """Scores of one model, as the step `predict` stores them."""
    store = Store.current()
    with store.new_folder() as folder:
        prediction_files.write(
            folder, "held_out", Scores(list(ids), Candidates.of({key(A): 0.5} for _ in ids))
        )
        return store.keep("scores", folder)


def test_scores_of_several_models_are_joined():
    found = pool.fn("any", [first_round("t:1", "t:2"), first_round("t:3")], fold=0)
    scores = prediction_files.read(found.path, PART)
    assert scores.ids == ["t:1", "t:2", "t:3"]
    assert scores.values.records() == [{key(A): 0.5}] * 3


def test_no_sentence_has_two_scores():
    with pytest.raises(ValueError, match="expected scores of each record once"):
        pool.fn("any", [first_round("t:1", "t:2"), first_round("t:2")], fold=0)
