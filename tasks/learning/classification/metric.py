"""Any metric of scikit-learn for classes, by its name, with a standard error.

The names are those of `sklearn.metrics.get_scorer_names`: `accuracy`, `balanced_accuracy`, `f1_macro`,
`neg_log_loss`, `roc_auc_ovr` …
"""

from functools import cached_property
from typing import Any

import numpy as np

from tasks.core.competition import Score
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.learning.classification.accuracy import Accuracy, of_rows

GROUPS = 10
"""Groups of records of which each is left out once, for a standard error."""


def class_metric(name: str, truth: np.ndarray, class_count: int) -> "Accuracy | NamedMetric":
    """The metric of this name.

    Args:
        truth: (n,) int64 classes of the records.

    Raises:
        InvalidSettings: scikit-learn has no metric of this name.
    """
    return Accuracy(truth) if name == "accuracy" else NamedMetric(name, truth, class_count)


class NamedMetric:
    """A metric of scikit-learn by its name; higher is better, as scikit-learn has it."""

    def __init__(self, name: str, truth: np.ndarray, class_count: int) -> None:
        self._name, self._truth, self._class_count = name, truth, class_count

    def __call__(
        self, values: np.ndarray, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        """The score of (n, k) values; its standard error by a jackknife of `GROUPS` groups."""
        truth = of_rows(self._truth, rows, len(values))
        whole = self._value(values, truth)
        group = np.arange(len(truth)) % GROUPS
        parts = [self._value(values[group != each], truth[group != each]) for each in range(GROUPS)]
        spread = np.square(np.array(parts) - np.mean(parts)).sum() * (GROUPS - 1) / GROUPS
        return Score(self._name, whole, float(np.sqrt(spread)))

    def decide(self, values: np.ndarray) -> dict[str, Any]:
        """Nothing is decided: the answer is the class with the highest score."""
        return {}

    def targets(self, values: np.ndarray) -> np.ndarray:
        """(n,) int64 classes."""
        return self._truth

    def _value(self, values: np.ndarray, truth: np.ndarray) -> float:
        scores = values.astype(np.float64)
        return float(self._scorer(GivenScores(self._class_count), scores, truth))

    @cached_property
    def _scorer(self) -> Any:
        from sklearn.metrics import get_scorer

        check_name(self._name)
        return get_scorer(self._name)


class GivenScores:
    """What scikit-learn's metrics take for a fitted classifier: it predicts the (n, k) scores it is given."""

    _estimator_type = "classifier"

    def __init__(self, class_count: int) -> None:
        self.classes_ = np.arange(class_count)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            transformer_tags=None,
            regressor_tags=None,
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )

    def fit(self, *_: Any) -> "GivenScores":
        """Nothing is fitted."""
        return self

    def predict(self, scores: np.ndarray) -> np.ndarray:
        """(n,) classes with the highest score."""
        return scores.argmax(axis=1)

    def predict_proba(self, scores: np.ndarray) -> np.ndarray:
        """(n, k) scores with rows of sum one."""
        positive = np.clip(scores, 1e-15, None)
        return positive / positive.sum(axis=1, keepdims=True)


def check_name(name: str) -> None:
    """Check that `class_metric` has a metric of this name.

    Raises:
        InvalidSettings: it has none.
    """
    if name == "accuracy":
        return
    from sklearn.metrics import get_scorer_names

    if name not in (known := get_scorer_names()):
        expected = "the name of a metric of scikit-learn (sklearn.metrics.get_scorer_names)"
        raise InvalidSettings(f"metric: expected {expected}, received {name!r}{suggestion(name, known)}")
