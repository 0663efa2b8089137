"""What ensembling needs of scores, whether they are arrays of classes or candidates of each record."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.learning.ensemble import candidates
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.greedy import average, best_share, blend_heads


def join(parts: Sequence[Scores], ids: list[str], assigned: np.ndarray) -> Any:
    """Values in the order of `ids`; `parts[fold]` must hold exactly the records of that fold.

    Raises:
        ValueError: a record was predicted twice, never, or in the wrong fold; or a number is missing.
    """
    place = {id: index for index, id in enumerate(ids)}
    rows: list[int] = []
    for fold, part in enumerate(parts):
        own = {id for id, row in place.items() if assigned[row] == fold}
        wrong = [id for id in part.ids if id not in own]
        if wrong or len(part.ids) != len(own) or set(part.ids) != own or len(part.values) != len(own):
            raise ValueError(
                f"fold {fold}: expected each of its {len(own)} records once, received {len(part.ids)} "
                f"with {len(part.values)} values, {len(wrong)} of no record of this fold {wrong[:3]}"
            )
        rows.extend(place[id] for id in part.ids)
    if len(rows) != len(ids):
        raise ValueError(f"expected all {len(ids)} records, received {len(rows)} in {len(parts)} folds")
    joined = concatenated([part.values for part in parts])[np.argsort(rows)]
    if (missing := np.isnan(joined if isinstance(joined, np.ndarray) else joined.scores).sum()) > 0:
        raise ValueError(f"expected a number for each record, {missing} are missing")
    return joined


def concatenated(parts: Sequence[Any]) -> Any:
    """The records of several parts, one after the other."""
    if isinstance(parts[0], Candidates):
        return candidates.concatenated(parts)
    return np.concatenate(parts)


def mean(parts: Sequence[Scores]) -> Scores:
    """The mean of several models' scores of the same records.

    Raises:
        ValueError: the records or their order differ.
    """
    if any(part.ids != parts[0].ids for part in parts):
        raise ValueError("expected the same ids in the same order from every model")
    return Scores(
        parts[0].ids, weighted([part.values for part in parts], np.full(len(parts), 1 / len(parts)))
    )


def weighted(members: Sequence[Any], weights: np.ndarray) -> Any:
    """The weighted mean of members' values, computed in float64, float32 in the end."""
    vectors, back = aligned(members)
    return back(average(vectors, weights).astype(np.float32))


def aligned(members: Sequence[Any]) -> tuple[list[np.ndarray], Callable[[np.ndarray], Any]]:
    """Members as arrays of one shape, and the way back from such an array to values."""
    if isinstance(members[0], Candidates):
        return candidates.aligned(members)
    return list(members), lambda array: array


def share_of_first_head(values: Any, metric: Callable[[Any], float]) -> float:
    """The share of the first of a model's heads that scores best; 1 where there is one."""
    return 1.0 if isinstance(values, Candidates) else best_share(values, metric)


def one_head(values: Any, share: float) -> Any:
    """Values of the heads together: (n, heads, k) → (n, k); candidates have no heads."""
    return values if isinstance(values, Candidates) else blend_heads(values, share)


# FOLDED from tasks/learning/nesting.py
# What a way of choosing weights is worth on records that had no part in the choice.
#
# Weights that score best on some records flatter themselves there, the more so the more members there are to
# choose from (Cawley, Talbot: On Over-fitting in Model Selection, JMLR 11, 2010).
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
