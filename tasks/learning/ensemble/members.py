"""Operations on members' values, whether these are arrays of classes or candidates of each record."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.learning.ensemble import candidates
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.greedy import average


def join(parts: Sequence[Scores], ids: list[str], assigned: np.ndarray) -> Any:
    """Join the held-out values of all folds in the order of `ids`.

    Args:
        parts: `parts[fold]` has exactly the records of that fold.
        ids: of all records.
        assigned: (n,) the fold of each record.

    Raises:
        ValueError: a record was predicted twice, never, or in the wrong fold; or a number is missing.
    """
    place = {id: index for index, id in enumerate(ids)}
    rows: list[int] = []
    for fold, part in enumerate(parts):
        expected = {id for id, row in place.items() if assigned[row] == fold}
        wrong = [id for id in part.ids if id not in expected]
        count = len(expected)
        if wrong or len(part.ids) != count or set(part.ids) != expected or len(part.values) != count:
            raise ValueError(
                f"fold {fold}: expected each of its {count} records once, received {len(part.ids)} "
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


def common_ids(members: Iterable[Scores], *, part: str) -> list[str]:
    """The ids of the members' records; raises ValueError unless all have the same in the same order."""
    first, *others = members
    if any(each.ids != first.ids for each in others):
        raise ValueError(f"{part}: expected the same ids in the same order from every member")
    return first.ids


def mean(parts: Sequence[Scores]) -> Scores:
    """The mean of several models' scores of the same records; raises ValueError if ids or order differ."""
    if any(part.ids != parts[0].ids for part in parts):
        raise ValueError("expected the same ids in the same order from every model")
    shares = np.full(len(parts), 1 / len(parts))
    return Scores(parts[0].ids, weighted_mean([part.values for part in parts], shares))


def weighted_mean(members: Sequence[Any], weights: np.ndarray) -> Any:
    """The weighted mean of members' values, summed in float64 and returned in float32."""
    vectors, restore = aligned(members)
    return restore(average(vectors, weights).astype(np.float32))


def aligned(members: Sequence[Any]) -> tuple[list[np.ndarray], Callable[[np.ndarray], Any]]:
    """Members as arrays of one shape, and a function from such an array back to values."""
    if isinstance(members[0], Candidates):
        return candidates.aligned(members)
    return list(members), lambda array: array


def best_head_share(values: Any, metric: Callable[[Any], float]) -> float:
    """The share of the first of two heads, in steps of 0.01, whose blend scores best.

    Args:
        values: (n, heads, k), of which the result is 1 for one head; or candidates, for which it is 1.
        metric: score of the blended values (n, k), higher is better. Of equally good shares the one nearest
            to 1 is taken.
    """
    if isinstance(values, Candidates) or values.shape[1] == 1:
        return 1.0
    shares = [step / 100 for step in range(100, -1, -1)]
    scores = [metric(share * values[:, 0] + (1 - share) * values[:, 1]) for share in shares]
    return shares[int(np.argmax(scores))]


def blend_heads(values: Any, share: float) -> Any:
    """Blend two heads, (n, heads, k) → (n, k): `share` of the first, the rest of the second.

    Candidates have no heads and are returned as they are.

    >>> blend_heads(np.array([[[1.0, 0.0], [0.0, 1.0]]]), 0.75)
    array([[0.75, 0.25]], dtype=float32)
    """
    if isinstance(values, Candidates):
        return values
    if values.shape[1] == 1:
        return values[:, 0]
    return np.asarray(share * values[:, 0] + (1 - share) * values[:, 1], np.float32)


def nested_blend(
    members: Sequence[Any], folds: np.ndarray, choose: Callable[[list[Any], np.ndarray], np.ndarray]
) -> Any:
    """Blend the values of every record by weights that were chosen on the other folds.

    Weights score too well on the records they were chosen on, the more so the more members there are to
    choose from (Cawley, Talbot: On Over-fitting in Model Selection, JMLR 11, 2010). The values returned here
    show what the way of choosing weights is worth on other records.

    Args:
        members: the values of each, of all records.
        folds: (n,) integers, the fold of each record.
        choose: (the members' values of some records, the rows of these) → (members,) weights.
    """
    parts, rows = [], []
    for fold in np.unique(folds):
        held_out, training = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        weights = choose([member[training] for member in members], training)
        parts.append(weighted_mean([member[held_out] for member in members], weights))
        rows.append(held_out)
    return concatenated(parts)[np.argsort(np.concatenate(rows))]
