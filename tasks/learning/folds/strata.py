"""What folds are made of: strata that are spread evenly, and groups that stay together."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

SMALLEST_STRATUM = 20
"""The most folds there can be: each of them gets a record of every stratum."""


def strata(stated: Sequence[set[str]], *, smallest: int = SMALLEST_STRATUM) -> np.ndarray:
    """For each record (n,) int64 the rarest of its labels that still makes a stratum.

    Rare labels choose first. Those left with fewer than `smallest` records leave them to the more frequent
    labels of the same records, and at last to one stratum of others. Records without a label have their own.
    Where the rest is too small, it joins the largest stratum.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for row, labels in enumerate(stated):
        for label in labels or {""}:
            members[label].append(row)
    assigned = np.full(len(stated), -1, np.int64)
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
    """(n,) int64: for each key the position at which it came first."""
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(key, row) for row, key in enumerate(keys)], np.int64)
