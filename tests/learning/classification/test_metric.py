"""Metrics of scikit-learn by name, and their standard errors."""

import numpy as np
import pytest

from tasks.core.competition import ClassScorer
from tasks.core.errors import InvalidSettings
from tasks.learning.classification.metric import class_metric

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 3, 200)
VALUES = np.where(RANDOM.random((200, 3)) < 0.3, 0.2, np.eye(3)[TRUTH]).astype(np.float32) + 0.1


@pytest.mark.parametrize(
    "name",
    ["balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr", "matthews_corrcoef"],
)
def test_a_metric_is_what_scikit_learn_computes(name: str) -> None:
    from sklearn.dummy import DummyClassifier
    from sklearn.metrics import get_scorer

    class Given(DummyClassifier):
        def predict(self, rows):
            return rows.argmax(axis=1)

        def predict_proba(self, rows):
            return rows / rows.sum(axis=1, keepdims=True)

    given = Given().fit(VALUES, TRUTH)
    score = class_metric(name, TRUTH, 3)(VALUES)
    assert score.name == name
    assert score.higher_is_better
    np.testing.assert_allclose(score.value, get_scorer(name)(given, VALUES.astype(float), TRUTH))
    assert 0 < score.standard_error < 0.1


def test_a_jackknife_of_a_mean_is_its_standard_error() -> None:
    exact, jackknife = (class_metric(name, TRUTH, 3)(VALUES) for name in ("accuracy", "jaccard_micro"))
    assert isinstance(class_metric("accuracy", TRUTH, 3), ClassScorer)
    assert exact.standard_error == pytest.approx((exact.value * (1 - exact.value) / 200) ** 0.5)
    assert jackknife.standard_error == pytest.approx(exact.standard_error, rel=1.0)


def test_rows_are_those_of_the_values() -> None:
    metric, rows = class_metric("f1_macro", TRUTH, 3), np.arange(0, 200, 2)
    assert metric(VALUES[rows], rows).value == class_metric("f1_macro", TRUTH[rows], 3)(VALUES[rows]).value
    with pytest.raises(ValueError, match="expected scores of 200 records, received 100"):
        metric(VALUES[rows])


def test_an_unknown_name_is_answered_with_a_similar_one() -> None:
    with pytest.raises(InvalidSettings, match=r"received 'f1_marco' \(did you mean f1_macro\?\)"):
        class_metric("f1_marco", TRUTH, 3)(VALUES)
