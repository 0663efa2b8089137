"""Which answers among classes are the most doubtful, and which mistakes the most certain."""

import numpy as np


def unsure(probabilities: np.ndarray) -> list[int]:
    """Rows of (n, k) probabilities, those first whose two most probable classes differ least.

    >>> unsure(np.array([[0.9, 0.1], [0.4, 0.6], [1.0, 0.0]]))
    [1, 0, 2]
    """
    two = np.sort(probabilities, axis=1)[:, -2:]
    return np.argsort(two[:, -1] - two[:, 0], kind="stable").tolist()


def wrong_and_certain(probabilities: np.ndarray, truth: np.ndarray) -> list[int]:
    """Rows whose most probable class is wrong, those with the highest probability of it first.

    >>> wrong_and_certain(np.array([[0.9, 0.1], [0.4, 0.6], [1.0, 0.0]]), np.array([1, 0, 0]))
    [0, 1]
    """
    certainty = np.where(probabilities.argmax(axis=1) != truth, probabilities.max(axis=1), -1.0)
    order = np.argsort(-certainty, kind="stable")
    return order[: np.count_nonzero(certainty >= 0)].tolist()
