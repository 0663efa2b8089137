"""Intermediate reports of a trial: after each quarter of each fold's training, and after each fold.

Trials are compared at equal shares of their work, however many epochs each of them has. What is reported is
the mean over the folds so far: their scores, and for the fold in training the held-out figure of its epochs,
of several seeds those of the first.
A training that runs, one that was interrupted, and one from the cache give the same reports.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tasks.core.execution.child_messages import EpochProgress

QUARTERS = 4


class Pruned(Exception):
    """The trial is pruned: its study has better trials."""


class TrialReports:
    """Turns epochs and scores into numbered reports."""

    steps_per_fold = QUARTERS

    def __init__(self, report: Callable[[int, float], bool]) -> None:
        """`report` takes a number from 1 on and a value; it returns whether to prune the trial."""
        self._report = report
        self._scores: list[float] = []

    def record_epoch(self, progress: EpochProgress) -> None:
        """Take an epoch of a running training.

        Raises:
            Pruned: the study prunes the trial.
        """
        self._epoch(progress.epoch, progress.total, progress.figures)

    def record_history(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Take all epochs of a finished training; those that were recorded before change nothing."""
        for epoch, row in enumerate(history, start=1):
            self._epoch(epoch, len(history), row)

    def record_score(self, score: float) -> None:
        """Take the score of a fold, higher is better; the last fold's comes too late to prune."""
        self._scores.append(score)
        self._send(QUARTERS * len(self._scores), self._mean())

    def _epoch(self, epoch: int, count: int, figures: Mapping[str, Any]) -> None:
        quarter = QUARTERS * epoch // count
        is_first = quarter > QUARTERS * (epoch - 1) // count
        held_out = (name for name in figures if name.startswith("held_out_") and name != "held_out_loss")
        figure = next(held_out, None)
        if is_first and quarter < QUARTERS and figure is not None:
            self._send(QUARTERS * len(self._scores) + quarter, self._mean(figures[figure]))

    def _send(self, step: int, value: float) -> None:
        if self._report(step, value):
            raise Pruned

    def _mean(self, *more: float) -> float:
        values = [*self._scores, *more]
        return sum(values) / len(values)
