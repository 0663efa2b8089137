"""Stacking: a logistic model of the targets on members' out-of-fold scores.

Wolpert: Stacked Generalization, Neural Networks 5, 1992. Weights are not negative: members are strongly
correlated, and free weights would use the differences between them (Breiman: Stacked Regressions, Machine
Learning 24, 1996).

Of classes exactly one is right, and the log odds are the members' weighted log probabilities: McFadden's
conditional logit, with one weight for each member. Candidates are right or wrong independently, and the log
odds are a constant plus the members' weighted scores.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

FLOOR = 1e-6
"""Smaller probabilities are raised to this; some networks predict 0."""
PENALTY = 1.0
"""Half of it times the squared distance from equal weights is added to the summed loss of all records."""


class Stack(NamedTuple):
    """A fitted stacking model."""

    weights: np.ndarray
    """(members,) float64, none negative."""
    bias: float
    """Log odds of a candidate that all members score 0; 0 for classes."""


def fit(scores: Sequence[np.ndarray], targets: np.ndarray, mask: np.ndarray | None = None) -> Stack:
    """Fit weights and bias by penalised maximum likelihood.

    Args:
        scores: of each member, (n, k) in [0, 1] of classes, or (m,) in [0, 1] of candidates.
        targets: (n,) int64 classes, or (m,) bool, whether a candidate is right.
        mask: (n,) or (m,) bool, which of them to fit on; None: all.

    >>> sure, unsure = np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> fit([sure, unsure], np.array([0, 1])).weights.round(2)
    array([0.97, 0.5 ])
    """
    from scipy.optimize import minimize

    count = len(scores)
    loss = _loss(_features(scores), targets, mask)
    optimum = minimize(
        loss,
        np.array([*[1 / count] * count, 0.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * count + [(None, None)],
        options={"maxiter": 500},
    )
    return Stack(optimum.x[:-1], float(optimum.x[-1]))


def predict(stack: Stack, scores: Sequence[np.ndarray]) -> np.ndarray:
    """Compute probabilities, float32 in the shape of one member's scores."""
    odds = _odds(_features(scores), np.array([*stack.weights, stack.bias]))
    return _probabilities(odds).astype(np.float32)


def out_of_fold(scores: Sequence[np.ndarray], targets: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Compute the probabilities of every record or candidate by a model fitted on the other folds.

    `folds` are (n,) or (m,) integers: the fold of each record, or of each candidate's record.
    """
    probabilities = np.empty(scores[0].shape, np.float32)
    for fold in np.unique(folds):
        held_out = folds == fold
        stack = fit(scores, targets, ~held_out)
        probabilities[held_out] = predict(stack, [member[held_out] for member in scores])
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
        return 0.5 * (1 + np.tanh(odds / 2))  # the logistic function in a form that cannot overflow
    exponentials = np.exp(odds - odds.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _loss(
    features: Sequence[np.ndarray], targets: np.ndarray, mask: np.ndarray | None
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """A function from weights and bias to the penalised negative log likelihood and its gradient."""
    if mask is not None:
        features, targets = [member[mask] for member in features], targets[mask]
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
