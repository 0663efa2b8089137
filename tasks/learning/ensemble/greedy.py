"""Greedy ensemble selection with replacement, bagged.

Caruana, Niculescu-Mizil, Crew, Ksikes: Ensemble Selection from Libraries of Models, ICML 2004.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from tasks.learning.seeds import generator


# FOLDED from tasks/learning/additions.py
# A growing sum of members' scores, and what each further addition to it would score.
#
# Ensemble selection asks this thousands of times, so sums are kept in the members' own float32, buffers are
# used again, and for metrics of classes only those records are looked at whose class an addition may change.
class Additions(Protocol):
    """A sum of members, at first of none."""

    def merits(self) -> np.ndarray:
        """(members,) what the sum would score with each member added; higher is better."""

    def add(self, member: int) -> None:
        """Add a member, for another time if need be."""


class ValueAdditions:
    """Additions by any metric of an array of mean scores."""

    def __init__(self, scores: Sequence[np.ndarray], metric: Callable[[np.ndarray], float]) -> None:
        self._scores, self._metric = scores, metric
        self._total = np.zeros_like(scores[0])
        self._count = 0

    def merits(self) -> np.ndarray:
        return np.array([self._metric(self._mean_with(member)) for member in self._scores])

    def _mean_with(self, member: np.ndarray) -> np.ndarray:
        # a new array each time: a metric may remember what it was given
        mean = self._total + member
        mean /= self._count + 1
        return mean

    def add(self, member: int) -> None:
        self._total += self._scores[member]
        self._count += 1


class Classes:
    """The members' scores of classes, with what is asked of them again and again; bags share one."""

    def __init__(self, scores: Sequence[np.ndarray], metric: Callable[[np.ndarray], float]) -> None:
        """`scores` are (n, k) arrays; `metric` is the figure of merit of (n,) classes."""
        self.scores, self.metric = scores, metric
        self.best = [member.argmax(axis=1) for member in scores]
        self.highest = [member.max(axis=1) for member in scores]
        self.spread = [
            highest - member.min(axis=1) for highest, member in zip(self.highest, scores, strict=True)
        ]
        self.alone = np.array([metric(classes) for classes in self.best])


class ClassAdditions:
    """Additions by a metric of the classes with the highest scores, exactly, but in far less time.

    Where the sum's best class leads the next by a gap, a member can only overturn it if its own best class
    is another, with a score that exceeds its score of the sum's class by more than the gap. The gap grows
    with the sum and the members' scores do not: soon few records must be looked at.
    """

    def __init__(self, known: Classes, bag: Sequence[int]) -> None:
        self._known, self._bag = known, list(bag)
        records, classes = known.scores[0].shape
        self._starts = np.arange(records) * classes
        self._total = np.zeros_like(known.scores[0])
        self._best: np.ndarray | None = None
        self._gap = np.zeros(records, self._total.dtype)

    def merits(self) -> np.ndarray:
        if self._best is None:
            return self._known.alone[self._bag]
        return np.array([self._known.metric(self._classes_with(member, self._best)) for member in self._bag])

    def _classes_with(self, member: int, best: np.ndarray) -> np.ndarray:
        """(n,) the classes with the highest scores once the member is added."""
        known, scores = self._known, self._known.scores[member]
        # first what needs no look into the scores: most records end here
        rows = np.flatnonzero((known.spread[member] >= self._gap) & (known.best[member] != best))
        own = scores.ravel().take(self._starts[rows] + best[rows])
        rows = rows[known.highest[member][rows] - own >= self._gap[rows]]
        classes = best.copy()
        classes[rows] = (self._total.take(rows, axis=0) + scores.take(rows, axis=0)).argmax(axis=1)
        return classes

    def add(self, member: int) -> None:
        self._total += self._known.scores[self._bag[member]]
        best = self._total.argmax(axis=1)
        places = self._starts + best
        flat = self._total.ravel()
        led = flat.take(places)
        flat[places] = -np.inf
        self._gap = led - self._total.max(axis=1)
        flat[places] = led
        # rounding must not make a record that is all but even look decided
        self._gap -= 1e-5 * np.abs(led)
        self._best = best


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
