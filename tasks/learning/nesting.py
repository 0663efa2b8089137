"""What a way of choosing weights is worth on records that had no part in the choice.

Weights that score best on some records flatter themselves there, the more so the more members there are to
choose from (Cawley, Talbot: On Over-fitting in Model Selection, JMLR 11, 2010).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tasks.learning.members import concatenated, weighted


def nested(
    members: Sequence[Any], folds: np.ndarray, choose: Callable[[list[Any], np.ndarray], np.ndarray]
) -> Any:
    """Values of every record, mixed by weights that were chosen on the other folds.

    Args:
        members: the values of each, of all records.
        folds: (n,) integers, the fold of each record.
        choose: (the members' values of some records, the rows of these) → (members,) weights.
    """
    parts, rows = [], []
    for fold in np.unique(folds):
        own, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        weights = choose([member[others] for member in members], others)
        parts.append(weighted([member[own] for member in members], weights))
        rows.append(own)
    return concatenated(parts)[np.argsort(np.concatenate(rows))]
