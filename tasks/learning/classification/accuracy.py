"""Accuracy: the share of records whose class is named."""

from typing import Any

import numpy as np

from tasks.core.competition import Score


class Accuracy:
    """A `tasks.core.competition.ClassScorer`: the answer is the class with the highest score."""

    def __init__(self, truth: np.ndarray) -> None:
        """`truth` is (n,), the int64 class of each record."""
        self._truth = truth

    def __call__(
        self, values: np.ndarray, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        """The score of (n, k) values."""
        return self.of_classes(values.argmax(axis=1), rows)

    def decide(self, values: np.ndarray) -> dict[str, Any]:
        """Nothing: the highest score decides."""
        return {}

    def targets(self, values: np.ndarray) -> np.ndarray:
        """(n,) int64 classes."""
        return self._truth

    def of_classes(self, classes: np.ndarray, rows: np.ndarray | None = None) -> Score:
        """The score of (n,) classes."""
        return accuracy(classes, of_rows(self._truth, rows, len(classes)))


def accuracy(answers: np.ndarray, truth: np.ndarray) -> Score:
    """Share of equal entries with its binomial standard error, √(p(1 − p)/n)."""
    share = float((answers == truth).mean())
    return Score("accuracy", share, (share * (1 - share) / len(truth)) ** 0.5)


def of_rows(truth: np.ndarray, rows: np.ndarray | None, count: int) -> np.ndarray:
    """The classes of some records, or of all; raises ValueError unless there are `count`."""
    chosen = truth if rows is None else truth[rows]
    if len(chosen) != count:
        raise ValueError(f"expected scores of {len(chosen)} records, received {count}")
    return chosen
