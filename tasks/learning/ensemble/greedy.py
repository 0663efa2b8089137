"""Greedy ensemble selection with replacement, bagged.

Caruana, Niculescu-Mizil, Crew, Ksikes: Ensemble Selection from Libraries of Models, ICML 2004.

The selection scores each possible addition to the sum of the members chosen so far, thousands of times. So
sums are kept in the members' own float32, and for metrics of classes only those records are computed again
whose class the addition may change.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from tasks.learning.seeds import generator

Metric = Callable[[np.ndarray], float]
"""Score of an array, higher is better."""

FEW = 8
"""Fewer members than this are not bagged: half of so few leaves too little to combine. Nor are their weights
chosen anew for each fold, since so few weights hardly overfit the records they are chosen on."""


def greedy_weights(
    scores: Sequence[np.ndarray],
    metric: Metric,
    *,
    rounds: int,
    bags: int,
    seed: int,
    of_classes: Metric | None = None,
) -> np.ndarray:
    """Choose the weights of members that together score best.

    Each bag draws a random half of the members (all of them, when they are few), starts with its best member,
    adds in each round the member whose addition to the mean scores best, and keeps its best prefix. The
    weights are the mean over the bags. When they score below the best single member, that member alone is
    returned, so that on the records the weights are chosen on, the blend is never worse than it.

    Args:
        scores: one array for each member, all of one shape.
        metric: score of one such array, higher is better.
        rounds: additions in each bag.
        bags: random halves of the members.
        seed: of the random halves.
        of_classes: the same metric of the (n,) classes with the highest scores, where scores are (n, k) and
            it depends on nothing else; gives the same weights in less time.

    Returns:
        (members,) float64, non-negative, summing to 1.

    >>> def accuracy(scores):
    ...     return float((scores.argmax(axis=1) == [0, 1]).mean())
    >>> first, second = np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.4, 0.6], [0.1, 0.9]])
    >>> greedy_weights([first, second], accuracy, rounds=5, bags=3, seed=0)
    array([0.5, 0.5])
    """
    count = len(scores)
    start, single = _sums(scores, metric, of_classes)
    random = generator(seed, "bags")
    size = count if count < FEW else (count + 1) // 2
    weights = np.zeros(count)
    for _ in range(bags if size < count else 1):
        bag = sorted(random.choice(count, size, replace=False).tolist())
        weights[bag] += _select(start(bag), size, rounds=rounds)
    weights /= weights.sum()
    if metric(average(scores, weights)) < single.max():
        return np.eye(count)[single.argmax()]
    return weights


class RunningSum(Protocol):
    """The sum of the members chosen so far, none at first."""

    def scores_with_each(self) -> np.ndarray:
        """(members,) the score of the mean with each member added; higher is better."""

    def add(self, member: int) -> None:
        """Add a member; one may be added several times."""


def _sums(
    scores: Sequence[np.ndarray], metric: Metric, of_classes: Metric | None
) -> tuple[Callable[[list[int]], RunningSum], np.ndarray]:
    """Return a function from a bag to its empty sum, and the (members,) score of each member alone."""
    if of_classes is None:
        single = np.array([metric(member) for member in scores])
        return lambda bag: ValueSum([scores[index] for index in bag], metric), single
    members = MemberClasses(scores, of_classes)
    return lambda bag: ClassSum(members, bag), members.single


def _select(total: RunningSum, size: int, *, rounds: int) -> np.ndarray:
    """Shares of the members in the best prefix of a greedy selection with replacement."""
    chosen: list[int] = []
    best, best_length = -np.inf, 0
    for _ in range(rounds):
        scores = total.scores_with_each()
        pick = int(np.argmax(scores))  # of equal members the first
        total.add(pick)
        chosen.append(pick)
        if scores[pick] > best:
            best, best_length = scores[pick], len(chosen)
    counts = np.bincount(chosen[:best_length], minlength=size)
    return counts / counts.sum()


def average(scores: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Weighted mean of the members' scores, float64; members of weight 0 are skipped.

    >>> average([np.array([1.0, 2.0]), np.array([5.0, 6.0])], np.array([0.75, 0.25]))
    array([2., 3.])
    """
    total = np.zeros(scores[0].shape)
    for member, weight in zip(scores, weights, strict=True):
        if weight:
            total += weight * member.astype(np.float64)
    return total


class ValueSum:
    """Running sum for any metric of an array of mean scores."""

    def __init__(self, scores: Sequence[np.ndarray], metric: Metric) -> None:
        self._scores, self._metric = scores, metric
        self._total = np.zeros_like(scores[0])
        self._count = 0

    def scores_with_each(self) -> np.ndarray:
        return np.array([self._metric(self._mean_with(member)) for member in self._scores])

    def _mean_with(self, member: np.ndarray) -> np.ndarray:
        # a new array each time: a metric may cache by identity
        mean = self._total + member
        mean /= self._count + 1
        return mean

    def add(self, member: int) -> None:
        self._total += self._scores[member]
        self._count += 1


class MemberClasses:
    """The members' scores of classes with what each bag's sum needs of them, computed once."""

    def __init__(self, scores: Sequence[np.ndarray], metric: Metric) -> None:
        """`scores` are (n, k) arrays; `metric` scores (n,) classes, higher is better."""
        self.scores, self.metric = scores, metric
        self.best = [member.argmax(axis=1) for member in scores]
        self.highest = [member.max(axis=1) for member in scores]
        self.spread = [
            highest - member.min(axis=1) for highest, member in zip(self.highest, scores, strict=True)
        ]
        self.single = np.array([metric(classes) for classes in self.best])


class ClassSum:
    """Running sum for a metric of the classes with the highest scores: exact, and much faster.

    Where the sum's best class leads the next one by a gap, a member can change it only if the member's own
    best class is another one, and its score of that exceeds its score of the sum's class by more than the
    gap. The gap grows with the sum and the members' scores do not, so soon few records need computing.
    """

    def __init__(self, members: MemberClasses, bag: Sequence[int]) -> None:
        self._members, self._bag = members, list(bag)
        records, classes = members.scores[0].shape
        self._starts = np.arange(records) * classes
        self._total = np.zeros_like(members.scores[0])
        self._best: np.ndarray | None = None
        self._gap = np.zeros(records, self._total.dtype)

    def scores_with_each(self) -> np.ndarray:
        if self._best is None:
            return self._members.single[self._bag]
        return np.array(
            [self._members.metric(self._classes_with(member, self._best)) for member in self._bag]
        )

    def _classes_with(self, member: int, best: np.ndarray) -> np.ndarray:
        """(n,) the classes with the highest scores once the member is added."""
        members, scores = self._members, self._members.scores[member]
        # first the test that needs no scores: it excludes most records
        rows = np.flatnonzero((members.spread[member] >= self._gap) & (members.best[member] != best))
        of_best = scores.ravel().take(self._starts[rows] + best[rows])
        rows = rows[members.highest[member][rows] - of_best >= self._gap[rows]]
        classes = best.copy()
        classes[rows] = (self._total.take(rows, axis=0) + scores.take(rows, axis=0)).argmax(axis=1)
        return classes

    def add(self, member: int) -> None:
        self._total += self._members.scores[self._bag[member]]
        best = self._total.argmax(axis=1)
        places = self._starts + best
        flat = self._total.ravel()
        highest = flat.take(places)
        flat[places] = -np.inf
        self._gap = highest - self._total.max(axis=1)
        flat[places] = highest
        # rounding must not hide that a record's two best classes are nearly equal
        self._gap -= 1e-5 * np.abs(highest)
        self._best = best
