"""Assignment of records to folds."""

import numpy as np


def assign_folds(strata: np.ndarray, groups: np.ndarray, *, count: int, seed: int) -> np.ndarray:
    """Assign to each record the fold (0 … count-1) in which it is held out.

    Args:
        strata: (n,) integers; the records of each value are spread evenly over the folds.
        groups: (n,) integers; records with the same value are in the same fold.

    Returns:
        (n,) int64.

    >>> folds = assign_folds(np.array([0, 0, 1, 1]), np.arange(4), count=2, seed=0)
    >>> sorted(folds[:2].tolist()), sorted(folds[2:].tolist())
    ([0, 1], [0, 1])
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    ungrouped = len(np.unique(groups)) == len(groups)
    splitter = (StratifiedKFold if ungrouped else StratifiedGroupKFold)(
        n_splits=count, shuffle=True, random_state=seed
    )
    folds = np.full(len(strata), -1, np.int64)
    for fold, (_, held_out) in enumerate(splitter.split(strata, strata, None if ungrouped else groups)):
        folds[held_out] = fold
    return folds


def most_folds(strata: np.ndarray, groups: np.ndarray) -> tuple[int, str]:
    """The largest number of folds for these records (as in `assign_folds`), and what allows no more.

    >>> most_folds(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1]))[0]
    2
    """
    smallest = int(np.unique(strata, return_counts=True)[1].min())
    together = len(np.unique(groups))
    return min(
        (smallest, "the records of the smallest class"),
        (together, "the groups of records that stay together, as questions about one table do"),
    )
