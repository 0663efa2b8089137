"""Greedy ensemble selection with replacement, bagged.

Caruana, Niculescu-Mizil, Crew, Ksikes: Ensemble Selection from Libraries of Models, ICML 2004.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tasks.learning.additions import Additions, ClassAdditions, Classes, ValueAdditions
from tasks.learning.seeds import generator

FEW = 8
"""Fewer members than this are not bagged, for half of a handful leaves too little to combine; and so few
weights flatter the records they are chosen on too little to choose them anew for each fold."""
Metric = Callable[[np.ndarray], float]


def greedy_weights(
    scores: Sequence[np.ndarray],
    metric: Metric,
    *,
    rounds: int,
    bags: int,
    seed: int,
    of_classes: Metric | None = None,
) -> np.ndarray:
    """Weights of members that together score best; higher metric is better.

    Each bag draws a random half of the members (all, when they are few), starts with its best member, and
    adds in each round the member whose addition to the average scores best, keeping its best prefix. Bags
    are averaged. When the average of bags scores below the best single member, that member alone is
    returned, so the blend is never worse than it on the records the weights are chosen on.

    Args:
        scores: one array for each member, all of one shape.
        metric: figure of merit of one such array.
        of_classes: the same figure of the (n,) classes with the highest scores, where scores are (n, k) and
            nothing else of them counts; finds the same weights sooner.

    Returns:
        (members,) float64, non-negative, summing to 1.
    """
    count = len(scores)
    start, alone = _starting(scores, metric, of_classes)
    drawn = generator(seed, "bags")
    size = count if count < FEW else (count + 1) // 2
    weights = np.zeros(count)
    for _ in range(bags if size < count else 1):
        bag = sorted(drawn.choice(count, size, replace=False).tolist())
        weights[bag] += _select(start(bag), size, rounds=rounds)
    weights /= weights.sum()
    if metric(average(scores, weights)) < alone.max():
        return np.eye(count)[alone.argmax()]
    return weights


def _starting(
    scores: Sequence[np.ndarray], metric: Metric, of_classes: Metric | None
) -> tuple[Callable[[list[int]], Additions], np.ndarray]:
    """What begins the additions of a bag, and what each member scores alone."""
    if of_classes is None:
        alone = np.array([metric(member) for member in scores])
        return lambda bag: ValueAdditions([scores[index] for index in bag], metric), alone
    known = Classes(scores, of_classes)
    return lambda bag: ClassAdditions(known, bag), known.alone


def average(scores: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Weighted mean of the members' scores, float64; members without weight are not looked at."""
    total = np.zeros(scores[0].shape)
    for member, weight in zip(scores, weights, strict=True):
        if weight:
            total += weight * member.astype(np.float64)
    return total


def _select(additions: Additions, size: int, *, rounds: int) -> np.ndarray:
    """Shares of the members in the best prefix of a greedy selection with replacement."""
    chosen: list[int] = []
    best, best_length = -np.inf, 0
    for _ in range(rounds):
        # a stable order: of equal members the first is taken
        merits = additions.merits()
        pick = int(np.argmax(merits))
        additions.add(pick)
        chosen.append(pick)
        if merits[pick] > best:
            best, best_length = merits[pick], len(chosen)
    counts = np.bincount(chosen[:best_length], minlength=size)
    return counts / counts.sum()


def best_share(scores: np.ndarray, metric: Callable[[np.ndarray], float]) -> float:
    """The share of the first of two heads, in steps of 0.01, whose blend scores best; 1 for one head.

    Args:
        scores: (n, heads, k). Of equally good shares the one nearest to 1 is taken.
    """
    if scores.shape[1] == 1:
        return 1.0
    shares = [step / 100 for step in range(100, -1, -1)]
    merits = [metric(share * scores[:, 0] + (1 - share) * scores[:, 1]) for share in shares]
    return shares[int(np.argmax(merits))]


def blend_heads(scores: np.ndarray, share: float) -> np.ndarray:
    """(n, heads, k) → (n, k): `share` of the first head, the rest of the second."""
    if scores.shape[1] == 1:
        return scores[:, 0]
    return np.asarray(share * scores[:, 0] + (1 - share) * scores[:, 1], np.float32)
