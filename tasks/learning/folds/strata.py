"""Strata and groups of records, from which folds are assigned."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

SMALLEST_STRATUM = 20
"""Smallest number of records of a stratum, so that each of up to as many folds gets one of them."""


def strata(labels: Sequence[set[str]], *, smallest: int = SMALLEST_STRATUM) -> np.ndarray:
    """Assign each record to the stratum of its rarest label that has enough records.

    Labels are processed from rare to frequent. One with fewer than `smallest` records that have no stratum
    yet makes no stratum: its records go to the stratum of a more frequent label or, at last, to one stratum
    of all other records, which joins the largest stratum if it is too small. Records without a label count as
    records of a label of their own.

    Args:
        labels: of each record.
        smallest: number of records of a stratum at least.

    Returns:
        (n,) int64.

    >>> strata([{"a"}, {"a", "b"}, {"b"}, {"b"}, {"c"}], smallest=2).tolist()
    [0, 0, 1, 1, 0]
    """
    members: dict[str, list[int]] = defaultdict(list)
    for row, of_record in enumerate(labels):
        for label in of_record or {""}:
            members[label].append(row)
    assigned = np.full(len(labels), -1, np.int64)
    number = 0
    for label in sorted(members, key=lambda name: (len(members[name]), name)):
        free = [row for row in members[label] if assigned[row] < 0]
        if len(free) >= smallest:
            assigned[free] = number
            number += 1
    rest = assigned < 0
    sizes = np.bincount(assigned[~rest], minlength=1)
    assigned[rest] = number if rest.sum() >= smallest else int(sizes.argmax())
    return assigned


def first_of_same(keys: Sequence[Hashable]) -> np.ndarray:
    """Return for each key the position of its first occurrence, (n,) int64.

    >>> first_of_same(["a", "b", "a"]).tolist()
    [0, 1, 0]
    """
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(key, row) for row, key in enumerate(keys)], np.int64)
