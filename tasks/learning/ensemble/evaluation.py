"""Official scores of members and blends, and the standard error of the difference between two of them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Score, Scorer
from tasks.learning.seeds import generator

GROUPS = 50
"""Random groups of records from which a difference's standard error is estimated, to about a tenth of it."""


class Evaluation(NamedTuple):
    """The out-of-fold score of one member or blend, with the decision chosen on the same values."""

    score: Score
    decision: dict[str, Any]


def validation_scores(folder: Path | None) -> dict[str, dict[str, Any]]:
    """Scores on the validation part by member, and under "blend", that step `validate` wrote."""
    if folder is None:
        return {}
    scores: dict[str, dict[str, Any]] = json.loads((folder / "validation.json").read_text("utf-8"))
    return scores


class ScoreDifference(NamedTuple):
    """By how much the first of two is better on the same records; negative where it is worse."""

    value: float
    standard_error: float


class Evaluator:
    """Evaluates out-of-fold values of all training records."""

    def __init__(self, train: Scorer) -> None:
        self.train = train

    def evaluate(self, values: Any) -> Evaluation:
        """The score of all training records' values, with the decision that is chosen on them."""
        decision = self.train.decide(values)
        return Evaluation(self.train(values, decision=decision), decision)

    def difference(self, first: Any, one: Evaluation, second: Any, other: Evaluation) -> ScoreDifference:
        """Compare the first out-of-fold values with the second.

        Both are scored on the same records, so most of the chance in one score is in the other too. They are
        therefore compared within random groups of records, and the standard error is that of the mean of the
        groups' differences (Wolter: Introduction to Variance Estimation, 2007, chapter 2). Of a metric this
        needs nothing but its scores.
        """
        order = generator(0, "groups").permutation(len(first))
        differences = [
            self.train(first[rows], rows, decision=one.decision).signed
            - self.train(second[rows], rows, decision=other.decision).signed
            for rows in map(np.sort, np.array_split(order, min(GROUPS, len(order))))
        ]
        error = float(np.std(differences, ddof=1)) / len(differences) ** 0.5 if len(order) > 1 else 0.0
        return ScoreDifference(one.score.signed - other.score.signed, error)
