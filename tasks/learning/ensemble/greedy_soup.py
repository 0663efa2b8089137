"""The choice of the models whose weights are averaged, by out-of-fold scores: the greedy soup.

Wortsman et al.: Model soups: averaging weights of multiple fine-tuned models improves accuracy without
increasing inference time, ICML 2022, recipe 1.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tasks.learning.ensemble.members import concatenated

Soup = tuple[int, ...]
"""Indices of the members whose weights are averaged, rising."""


def greedy_soup(count: int, score: Callable[[Soup], float]) -> Soup:
    """Choose the members whose weights together score best, one after the other.

    Members are taken in the order of their own scores, of equal ones in theirs, and each stays in the soup if
    the soup with it does not score worse than without it. So the soup scores at least as well as the best
    member on the records it was chosen on, and slightly too well for others.

    Args:
        count: number of members.
        score: of the soup of some members, alone or together; higher is better.

    >>> greedy_soup(3, {(0,): 0.7, (1,): 0.8, (2,): 0.6, (0, 1): 0.9, (0, 1, 2): 0.85}.__getitem__)
    (0, 1)
    """
    alone = [score((index,)) for index in range(count)]
    first, *others = sorted(range(count), key=lambda index: -alone[index])
    chosen: Soup = (first,)
    best = alone[first]
    for index in others:
        candidate = tuple(sorted((*chosen, index)))
        if (reached := score(candidate)) >= best:
            chosen, best = candidate, reached
    return chosen


def nested_soup(
    count: int,
    folds: np.ndarray,
    score: Callable[[Soup, np.ndarray], float],
    values: Callable[[Soup], Any],
) -> Any:
    """Out-of-fold values where the soup of each fold is chosen on the other folds.

    They show what choosing soups greedily is worth on records that the choice has not seen (Cawley, Talbot:
    On Over-fitting in Model Selection, JMLR 11, 2010).

    Args:
        count: number of members.
        folds: (n,) integers, the fold of each record.
        score: of a soup on some records, given by their rows; higher is better.
        values: of a soup, of all records.
    """
    parts, rows = [], []
    for fold in np.unique(folds):
        held_out, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        chosen = greedy_soup(count, lambda soup, others=others: score(soup, others))  # type: ignore[misc]
        parts.append(values(chosen)[held_out])
        rows.append(held_out)
    return concatenated(parts)[np.argsort(np.concatenate(rows))]
