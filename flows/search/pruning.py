"""How a trial stands on its way: after each quarter of each fold's training, and after each fold.

Trials are compared at equal shares of their way, however many epochs each of them has. What is reported is
the mean of the folds so far: their scores, and of the fold in training the figure that its epochs measure.
The same reports come of a training that runs, one that was interrupted, and one that the cache had.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

QUARTERS = 4
EPOCH = re.compile(r"epoch (\d+) of (\d+): (.*)")
FIGURE = re.compile(r"(held_out_\w+) ([^\s,]+)")


class Pruned(Exception):
    """The trial is given up."""


class Course:
    """Turns epochs and scores into numbered reports."""

    steps_per_fold = QUARTERS

    def __init__(self, report: Callable[[int, float], bool]) -> None:
        """`report` takes a number from 1 on and a value; it returns whether the trial should be given up."""
        self._report = report
        self._scores: list[float] = []

    def told(self, text: str) -> None:
        """Take a line that a training tells, if it is about an epoch."""
        if found := EPOCH.search(text):
            figures = {name: float(value) for name, value in FIGURE.findall(found[3])}
            self._epoch(int(found[1]), int(found[2]), figures)

    def trained(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Take all epochs of a finished training; those that were told before change nothing."""
        for epoch, row in enumerate(history, start=1):
            figures = {name: as_told(row[name]) for name in row if name.startswith("held_out_")}
            self._epoch(epoch, len(history), figures)

    def predicted(self, score: float) -> None:
        """Take the score of a fold, more being better; the last one's comes too late to give up."""
        self._scores.append(score)
        self._judge(QUARTERS * len(self._scores), self._mean())

    def _epoch(self, epoch: int, count: int, figures: Mapping[str, float]) -> None:
        quarter = QUARTERS * epoch // count
        is_first = quarter > QUARTERS * (epoch - 1) // count
        figure = next((value for name, value in figures.items() if name != "held_out_loss"), None)
        if is_first and quarter < QUARTERS and figure is not None:
            self._judge(QUARTERS * len(self._scores) + quarter, self._mean(figure))

    def _judge(self, step: int, value: float) -> None:
        if self._report(step, value):
            raise Pruned

    def _mean(self, *more: float) -> float:
        values = [*self._scores, *more]
        return sum(values) / len(values)


def as_told(value: float) -> float:
    """A figure as a training writes it into its line."""
    return float(f"{value:.4g}")
