"""How good scored predictions are by the official metric, and how surely better than others."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Score, Scorer
from tasks.learning.ensemble import prediction_files
from tasks.learning.seeds import generator

GROUPS = 50
"""Random groups of records that a difference's standard error is taken from, right to a tenth."""


class Evaluation(NamedTuple):
    """Scores of one member or blend, by a decision made on its out-of-fold values."""

    score: Score
    """Out of fold."""
    validation: Score | None
    decision: dict[str, Any]

    def beats(self, other: "Evaluation") -> bool:
        """Whether it is better out of fold."""
        return self.score.signed > other.score.signed


class Gain(NamedTuple):
    """How much better the first of two is, on the same records; below 0 it is worse."""

    value: float
    standard_error: float


class Evaluator:
    """Gives evaluations on folders that hold `out_of_fold` and `validation` values."""

    def __init__(self, train: Scorer, validation: Scorer | None = None) -> None:
        self.train = train
        self._validation = validation

    def evaluation(self, folder: Path) -> Evaluation:
        found = self.out_of_fold(prediction_files.read(folder, "out_of_fold").values)
        if not self._validation:
            return found
        values = prediction_files.read(folder, "validation").values
        return found._replace(validation=self._validation(values, decision=found.decision))

    def out_of_fold(self, values: Any) -> Evaluation:
        """A evaluation on values of all training records alone."""
        decision = self.train.decide(values)
        return Evaluation(self.train(values, decision=decision), None, decision)

    def gain(self, first: Any, one: Evaluation, second: Any, other: Evaluation) -> Gain:
        """What the first values have over the second, both out of fold, with its standard error.

        The records are the same, so most of what one meets by chance the other meets too: they are compared
        within random groups of records, and the error is that of the mean of the groups' differences (Wolter:
        Introduction to Variance Estimation, 2007, chapter 2). So it needs nothing of a metric but its scores.
        """
        order = generator(0, "groups").permutation(len(first))
        differences = [
            self.train(first[rows], rows, decision=one.decision).signed
            - self.train(second[rows], rows, decision=other.decision).signed
            for rows in map(np.sort, np.array_split(order, min(GROUPS, len(order))))
        ]
        error = float(np.std(differences, ddof=1)) / len(differences) ** 0.5 if len(order) > 1 else 0.0
        return Gain(one.score.signed - other.score.signed, error)
