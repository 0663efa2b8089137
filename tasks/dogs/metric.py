"""The competition's metric: the share of photographs whose breed is named. It ranks by 1 - accuracy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tasks.core.competition import Score
from tasks.dogs.dataset import targets


def scorer(dataset: Path) -> Callable[..., Score]:
    """Accuracy of (n, k) scores for training records, in the dataset's order.

    The function returned also takes `rows`, the indices of the records the scores belong to.
    """
    truth = targets(dataset)

    def score(scores: np.ndarray, rows: np.ndarray | None = None) -> Score:
        expected = truth if rows is None else truth[rows]
        if scores.shape[0] != len(expected):
            raise ValueError(f"expected scores of {len(expected)} records, received {len(scores)}")
        return accuracy(scores.argmax(axis=1), expected)

    return score


def accuracy(answers: np.ndarray, truth: np.ndarray) -> Score:
    """Share of equal entries with its binomial standard error, √(p(1 − p)/n)."""
    share = float((answers == truth).mean())
    return Score("accuracy", share, (share * (1 - share) / len(truth)) ** 0.5)
