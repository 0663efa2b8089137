"""Where to cut scored candidates."""

from collections.abc import Sequence

import numpy as np


def best_cut(scores: np.ndarray, right: np.ndarray, wanted: int) -> tuple[float, float]:
    """The threshold at which answering every candidate of at least that score gives the best F1.

    Args:
        scores: (m,) of all records' candidates.
        right: (m,) bool, whether a candidate is among the wanted answers.
        wanted: number of answers wanted, considered or not.

    Returns:
        Threshold, halfway between the last score answered and the next one, and the F1 there. It is a
        float32, which scores are compared in, and above the next score even if that is its neighbour.
    """
    if not wanted:
        return 0.5, 0.0
    ranked, hits = _ranked(scores, right)
    f1 = 2 * hits / (np.arange(len(hits)) + wanted)
    best = int(np.argmax(f1[1:])) + 1 if len(ranked) else 0
    return _between(ranked, best), float(f1[best])


def best_cuts(groups: Sequence[tuple[np.ndarray, np.ndarray]], wanted: int) -> list[float]:
    """A threshold for each group of candidates, which together give the best F1 of all.

    Each group's own best F1 would not do that: where answers are seldom right, one more of them costs more
    than it brings. F1 is a ratio of sums, so with F the best one, each group maximises its right answers
    less F/2 times its answers; F is found by Dinkelbach's iteration (Management Science 13, 1967).

    Args:
        groups: (scores, right) of each group's candidates, as `best_cut` takes them.
        wanted: number of answers wanted of all groups.
    """
    ranked = [_ranked(scores, right) for scores, right in groups]
    f1, chosen = -1.0, [0 for _ in groups]
    while True:
        taken = [int(np.argmax(hits - f1 / 2 * np.arange(len(hits)))) for _, hits in ranked]
        answered = sum(taken)
        answered_right = sum(hits[count] for (_, hits), count in zip(ranked, taken, strict=True))
        found = float(2 * answered_right / (answered + wanted)) if answered + wanted else 0.0
        if found <= f1:
            return [_between(scores, count) for (scores, _), count in zip(ranked, chosen, strict=True)]
        f1, chosen = found, taken


def _ranked(scores: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Falling scores (m,) float64, and (m + 1,) how many of the first 0 … m are right.

    That number is -inf where a cut would part equal scores.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order].astype(np.float64)
    hits = np.concatenate([[0.0], np.cumsum(right[order])])
    hits[1:-1][ranked[1:] == ranked[:-1]] = -np.inf
    return ranked, hits


def _between(ranked: np.ndarray, count: int) -> float:
    """The threshold that the first `count` scores reach: halfway to the next, a float32 as scores are."""
    if not len(ranked):
        return 0.5
    last = ranked[count - 1] if count else 2.0
    below = ranked[count] if count < len(ranked) else 0.0
    cut = np.float32((last + below) / 2)
    return float(cut if cut > below else last)
