"""Folds: each record is held out exactly once, groups never part, strata are spread evenly."""

import numpy as np


def assign_folds(strata: np.ndarray, groups: np.ndarray, *, count: int, seed: int) -> np.ndarray:
    """The fold (0 … count-1) in which each record is held out.

    Args:
        strata: (n,) integers; each fold gets its share of every value.
        groups: (n,) integers; records with one value share a fold.

    Returns:
        (n,) int64.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    alone = len(np.unique(groups)) == len(groups)
    splitter = (StratifiedKFold if alone else StratifiedGroupKFold)(
        n_splits=count, shuffle=True, random_state=seed
    )
    folds = np.full(len(strata), -1, np.int64)
    for fold, (_, held_out) in enumerate(splitter.split(strata, strata, None if alone else groups)):
        folds[held_out] = fold
    return folds
