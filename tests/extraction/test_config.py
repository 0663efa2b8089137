"""Settings of extraction: names that other files define, what cannot be combined, what steps are given."""

from typing import get_args

import pytest
from pydantic import ValidationError

from tasks.core.config import Folds, Stage
from tasks.extraction.config import (
    Answers,
    Augmentation,
    Config,
    Recipe,
    RepairName,
    RuleName,
    SecondRound,
    Training,
)
from tasks.extraction.labelling.cleaning import REPAIRS
from tasks.extraction.rules.rule_table import RULES
from tasks.text.config import Bert, Encoder, Pretraining


def test_the_names_of_rules_and_repairs_are_those_there_are():
    assert get_args(RuleName) == tuple(RULES)
    assert get_args(RepairName) == tuple(REPAIRS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recipe(distant=True, method="gplinker"), "distant: expected method 'pointer'"),
        (lambda: Recipe(method="gplinker", training=Training(subjects=2)), "expected 1"),
        (lambda: Bert(width=100, heads=3), "expected a divisor of width 100"),
        (lambda: Config(recipes=(Recipe(), Recipe())), "names must differ"),
        (lambda: Config(second_round=SecondRound(run=True), folds=Folds(count=2)), "at least 3 folds"),
        (lambda: Training(stages=()), "at least 1"),
        (lambda: Answers(threshold=0.5, by_predicate=True), "expected 0 with by_predicate"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


def test_a_training_is_not_asked_about_predictions_or_pretraining():
    first = Recipe(floor=0.2, pretraining=Pretraining(stages=(Stage(),)))
    assert first.for_training() == Recipe().for_training()
    assert Recipe(training=Training(subjects=3)).for_training() != Recipe().for_training()


def test_a_prediction_is_not_asked_how_a_model_was_fitted():
    fitted = Recipe(augmentation=Augmentation(views=2), training=Training(ema=0.9))
    assert fitted.for_prediction() == Recipe().for_prediction()
    assert Recipe(head_dropout=0.3).for_prediction() == Recipe().for_prediction()
    assert Recipe(floor=0.2).for_prediction() != Recipe().for_prediction()
    assert Recipe(encoder=Encoder(longest=64)).for_prediction() != Recipe().for_prediction()


def test_words_are_encoded_for_models_that_read_them():
    reading = {"encoder": {"dgcnn": {"words": True}}}
    assert Recipe.model_validate(reading).encodings() == {"words": {}}
    assert Recipe().encodings() == {}
    assert Recipe.together


def test_how_many_views_there_are_decides_none_of_them():
    assert Augmentation(views=3, share=0.1).for_views() == Augmentation(views=1).for_views()
    assert Augmentation(crop=0.5).for_views() != Augmentation().for_views()
