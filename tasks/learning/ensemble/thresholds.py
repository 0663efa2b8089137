"""Thresholds of candidates' scores that give the best F1."""

from collections.abc import Sequence

import numpy as np


def best_threshold(scores: np.ndarray, right: np.ndarray, positives: int) -> tuple[float, float]:
    """Find the threshold at which answering every candidate of at least that score gives the best F1.

    Args:
        scores: (m,) float32, of all records' candidates.
        right: (m,) bool, whether a candidate is a right answer.
        positives: number of right answers, with those that are no candidate.

    Returns:
        The threshold and the F1 there; 0.5 and 0 where no answer is right. The threshold is halfway between
        the last score answered and the next one. It is a float32, as the scores are, and above the next score
        even if that is the adjacent float32.

    >>> best_threshold(np.array([0.9, 0.5, 0.1], np.float32), np.array([True, False, False]), 1)
    (0.699999988079071, 1.0)
    """
    if not positives:
        return 0.5, 0.0
    ranked, hits = _ranked(scores, right)
    f1 = 2 * hits / (np.arange(len(hits)) + positives)
    best = int(np.argmax(f1[1:])) + 1 if len(ranked) else 0
    return _between(ranked, best), float(f1[best])


def best_thresholds(groups: Sequence[tuple[np.ndarray, np.ndarray]], positives: int) -> list[float]:
    """Find a threshold for each group of candidates that together give the best F1 over all groups.

    The best F1 of each group alone does not give that: where answers are seldom right, one more of them costs
    more than it brings. F1 is a ratio of sums, so with F the best F1, each group maximises its right answers
    minus F/2 times its answers; F is found by Dinkelbach's iteration (Management Science 13, 1967).

    Args:
        groups: (scores, right) of each group's candidates, as in `best_threshold`.
        positives: number of right answers of all groups.
    """
    ranked = [_ranked(scores, right) for scores, right in groups]
    f1, chosen = -1.0, [0 for _ in groups]
    while True:
        taken = [int(np.argmax(hits - f1 / 2 * np.arange(len(hits)))) for _, hits in ranked]
        answered = sum(taken)
        answered_right = sum(hits[count] for (_, hits), count in zip(ranked, taken, strict=True))
        found = float(2 * answered_right / (answered + positives)) if answered + positives else 0.0
        if found <= f1:
            return [_between(scores, count) for (scores, _), count in zip(ranked, chosen, strict=True)]
        f1, chosen = found, taken


def _ranked(scores: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores (m,) float64 in descending order, and (m + 1,) how many of the first 0 … m are right.

    That number is -inf where a threshold would separate equal scores.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order].astype(np.float64)
    hits = np.concatenate([[0.0], np.cumsum(right[order])])
    hits[1:-1][ranked[1:] == ranked[:-1]] = -np.inf
    return ranked, hits


def _between(ranked: np.ndarray, count: int) -> float:
    """The threshold of the first `count` scores: halfway to the next, a float32 as scores are."""
    if not len(ranked):
        return 0.5
    last = ranked[count - 1] if count else 2.0
    below = ranked[count] if count < len(ranked) else 0.0
    middle = np.float32((last + below) / 2)
    return float(middle if middle > below else last)
