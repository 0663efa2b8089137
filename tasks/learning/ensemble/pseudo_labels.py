"""Selection of confident predictions as pseudo-labels."""

import numpy as np


def most_confident(scores: np.ndarray, *, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Select the most confident `share` of the records of each predicted class.

    The share is taken class by class, so that easy classes do not displace the others.

    Args:
        scores: (n, k) probabilities.
        share: in [0, 1]; of each class the number of records is rounded up.

    Returns:
        (m,) int64 rows, ascending, and their (m,) int64 classes.

    >>> rows, classes = most_confident(np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), share=0.5)
    >>> rows.tolist(), classes.tolist()
    ([0, 2], [0, 1])
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
