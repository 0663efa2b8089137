"""Where to cut scored candidates."""

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
    if not len(scores) or not wanted:
        return 0.5, 0.0
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order].astype(np.float64)
    f1 = 2 * np.cumsum(right[order]) / (np.arange(1, len(order) + 1) + wanted)
    last_of_equals = np.append(ranked[1:] != ranked[:-1], True)
    best = int(np.argmax(np.where(last_of_equals, f1, -1)))
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    cut = np.float32((ranked[best] + below) / 2)
    return float(cut if cut > below else ranked[best]), float(f1[best])
