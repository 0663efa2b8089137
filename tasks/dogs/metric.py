"""The competition's metric: the share of photographs whose breed is named. It ranks by 1 - accuracy."""

from typing import Any

import numpy as np

from tasks.core.competition import Part, Score
from tasks.core.dataset import Dataset
from tasks.dogs.dataset import targets


def scorer(dataset: Dataset, part: Part = "train", settings: dict[str, Any] | None = None) -> "Accuracy":
    """Accuracy of (n, k) scores of the training records, in the dataset's order.

    Raises:
        ValueError: another part, none of which has labels; or any settings.
    """
    if part != "train" or settings:
        raise ValueError(f"expected the training part and no settings, received {part!r}, {settings}")
    return Accuracy(targets(dataset))


class Accuracy:
    """A `tasks.core.competition.ClassScorer`: the answer is the class with the highest score."""

    def __init__(self, truth: np.ndarray) -> None:
        self._truth = truth

    def __call__(
        self, values: np.ndarray, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        return self.of_classes(values.argmax(axis=1), rows)

    def decide(self, values: np.ndarray) -> dict[str, Any]:
        """Nothing: the highest score decides."""
        return {}

    def targets(self, values: np.ndarray) -> np.ndarray:
        return self._truth

    def of_classes(self, classes: np.ndarray, rows: np.ndarray | None = None) -> Score:
        expected = self._truth if rows is None else self._truth[rows]
        if len(classes) != len(expected):
            raise ValueError(f"expected scores of {len(expected)} records, received {len(classes)}")
        return accuracy(classes, expected)


def accuracy(answers: np.ndarray, truth: np.ndarray) -> Score:
    """Share of equal entries with its binomial standard error, √(p(1 − p)/n)."""
    share = float((answers == truth).mean())
    return Score("accuracy", share, (share * (1 - share) / len(truth)) ** 0.5)
