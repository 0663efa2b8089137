import json

import numpy as np
import pytest

from tasks.dogs.metric import scorer
from tasks.learning.classification.accuracy import accuracy
from tests.dogs.jobs import COUNT, dataset


def test_accuracy_is_the_share_of_equal_answers_with_its_binomial_error():
    score = accuracy(np.array([1, 2, 3, 4]), np.array([1, 2, 3, 0]))
    assert score.name == "accuracy"
    assert score.value == 0.75
    assert score.standard_error == pytest.approx((0.75 * 0.25 / 4) ** 0.5)
    assert score.higher_is_better


def test_a_perfect_answer_scores_one_without_error(tmp_path):
    data = dataset(tmp_path / "data")
    truth = np.eye(3)[np.repeat(np.arange(3), COUNT // 3)]
    assert scorer(data)(truth)[1:3] == (1.0, 0.0)
    assert scorer(data)(1 - truth).value < 0.5


def test_some_records_are_scored_by_their_own_truth(tmp_path):
    data = dataset(tmp_path / "data")
    score = scorer(data)(np.eye(3)[[2, 0, 0]], np.array([COUNT - 1, 0, COUNT - 2]))
    assert score.value == pytest.approx(2 / 3)


def test_the_highest_score_decides_and_nothing_else(tmp_path):
    score = scorer(dataset(tmp_path / "data"))
    scores = np.random.default_rng(0).random((COUNT, 3))
    assert score.decide(scores) == {}
    assert score(scores, decision={}) == score(scores)


@pytest.mark.parametrize(
    ("part", "settings"), [("validation", None), ("test", None), ("train", {"threshold": 0.5})]
)
def test_what_has_no_labels_or_nothing_to_set_is_refused(tmp_path, part, settings):
    data = dataset(tmp_path / "data")
    with pytest.raises(ValueError, match="expected the training part and no settings, received"):
        scorer(data, part, settings)


def test_scores_of_another_number_of_records_are_refused(tmp_path):
    data = dataset(tmp_path / "data")
    with pytest.raises(ValueError, match=f"expected scores of {COUNT} records, received 4"):
        scorer(data)(np.zeros((4, 3)))
    assert json.loads((data / "classes.json").read_text()) == [10, 13, 16]
