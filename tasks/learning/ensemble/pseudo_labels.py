"""Which predictions are certain enough to learn from."""

import numpy as np


def most_confident(scores: np.ndarray, *, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and classes of the most confident `share` of each predicted class, rows ascending.

    Taken class by class, so that easy classes do not crowd out the others.

    Args:
        scores: (n, k) probabilities.
    """
    classes = scores.argmax(axis=1)
    confidence = scores.max(axis=1)
    chosen: list[int] = []
    for each in np.unique(classes):
        rows = np.flatnonzero(classes == each)
        ranked = rows[np.argsort(-confidence[rows], kind="stable")]
        chosen.extend(ranked[: int(np.ceil(share * len(rows)))].tolist())
    selected = np.array(sorted(chosen), np.int64)
    return selected, classes[selected]
