"""Stacking: a logistic model of the truth on members' out-of-fold scores.

Wolpert: Stacked Generalization, Neural Networks 5, 1992. Members get weights that are not negative, for
they are alike and free weights would play one against the other (Breiman: Stacked Regressions, Machine
Learning 24, 1996).

Among classes one is right, and log odds are the members' weighted log probabilities: McFadden's conditional
logit, one weight for each member. Candidates are right or wrong by themselves, and log odds are a constant
and the members' weighted scores.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

FLOOR = 1e-6
"""Probabilities below are taken for this one; some networks write 0."""
PENALTY = 1.0
"""Half of it times the squared distance of weights from equal ones is added to the loss of all records."""


class Stack(NamedTuple):
    """A fitted model."""

    weights: np.ndarray
    """(members,) float64, none negative."""
    bias: float
    """Log odds of a candidate that no member gives anything; 0 for classes."""


def fit(scores: Sequence[np.ndarray], targets: np.ndarray, learned: np.ndarray | None = None) -> Stack:
    """The model under which the targets are likeliest.

    Args:
        scores: of each member, (n, k) in [0, 1] of classes, or (m,) in [0, 1] of candidates.
        targets: (n,) int64 classes, or (m,) bool, whether a candidate is right.
        learned: (n,) or (m,) bool, which of them to learn from; all unless given.
    """
    from scipy.optimize import minimize

    count = len(scores)
    loss = _loss(_features(scores), targets, learned)
    found = minimize(
        loss,
        np.array([*[1 / count] * count, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * count + [(None, None)],
        options={"maxiter": 500},
    )
    return Stack(found.x[:-1], float(found.x[-1]))


def applied(stack: Stack, scores: Sequence[np.ndarray]) -> np.ndarray:
    """Probabilities, float32 in the shape of one member's scores."""
    odds = _odds(_features(scores), np.array([*stack.weights, stack.bias]))
    return _probabilities(odds).astype(np.float32)


def nested(scores: Sequence[np.ndarray], targets: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Probabilities of every record or candidate by a model that learned from other folds alone.

    Args:
        folds: (n,) or (m,) integers: the fold of each record, or of each candidate's record.
    """
    probabilities = np.empty(scores[0].shape, np.float32)
    for fold in np.unique(folds):
        own = folds == fold
        stack = fit(scores, targets, ~own)
        probabilities[own] = applied(stack, [member[own] for member in scores])
    return probabilities


def _features(scores: Sequence[np.ndarray]) -> list[np.ndarray]:
    if scores[0].ndim == 1:
        return list(scores)
    return [np.log(np.maximum(member, FLOOR, dtype=np.float32)) for member in scores]


def _odds(features: Sequence[np.ndarray], parameters: np.ndarray) -> np.ndarray:
    odds = np.full(features[0].shape, parameters[-1])
    for member, weight in zip(features, parameters, strict=False):
        if weight:
            odds += weight * member
    return odds


def _probabilities(odds: np.ndarray) -> np.ndarray:
    if odds.ndim == 1:
        return 0.5 * (1 + np.tanh(odds / 2))  # the logistic function, which cannot overflow so
    raised = np.exp(odds - odds.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _loss(
    features: Sequence[np.ndarray], targets: np.ndarray, learned: np.ndarray | None
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Penalised negative log likelihood and its gradient, of weights and bias."""
    if learned is not None:
        features, targets = [member[learned] for member in features], targets[learned]
    rows = np.arange(len(targets))

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        excess = _probabilities(_odds(features, parameters))
        if excess.ndim == 1:
            likelihood = np.where(targets, excess, 1 - excess)
            excess = excess - targets
        else:
            likelihood = excess[rows, targets]
            excess[rows, targets] -= 1
        away = parameters[:-1] - 1 / len(features)
        slopes = [float(np.vdot(member, excess)) for member in features]
        gradient = np.array([*(PENALTY * away + slopes), excess.sum() if excess.ndim == 1 else 0.0])
        value = PENALTY / 2 * float(away @ away) - float(np.log(np.maximum(likelihood, 1e-30)).sum())
        return value, gradient

    return loss
