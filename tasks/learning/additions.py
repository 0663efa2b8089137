"""A growing sum of members' scores, and what each further addition to it would score.

Ensemble selection asks this thousands of times, so sums are kept in the members' own float32, buffers are
used again, and for metrics of classes only those records are looked at whose class an addition may change.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np


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
