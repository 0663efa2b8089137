"""Integrated gradients along a straight path (Sundararajan, Taly and Yan, ICML 2017; kexue.fm/archives/7533).

The attribution of input i is (x_i - x0_i) times the mean, over the path from the baseline x0 to the input x,
of the output's derivative by that input. All attributions sum to F(x) - F(x0) (completeness).

The integral is a trapezoid rule on intervals of different widths. The outputs at both ends of an interval say
what its attributions must sum to, so the error of each is known: intervals with the largest errors are halved
until the sum of all is complete. A network whose output jumps on a short stretch of the path, as a saturated
softmax does, so needs no dense steps elsewhere.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FIRST_INTERVALS = 8
MOST_POINTS = 400
"""Points of the path, each with one forward and one backward pass."""
TOLERANCE = 0.01
"""Largest share of the difference of outputs by which the attributions' sum may differ from it."""
UNEVEN = 0.05
"""Largest sum of all intervals' errors, of the way that the output goes up and down: errors that cancel each
other make the sum of all attributions complete, but not each of them right."""
LEAST_DIFFERENCE = 0.001
"""Smaller differences of outputs count as this much: the outputs are probabilities and scores in 0 … 1."""

Slopes = Callable[[np.ndarray], tuple[np.ndarray, list[np.ndarray]]]
"""Positions (s,) on the path, 0 the baseline and 1 the input → outputs (s,), and of each group of inputs
(s, …) their derivatives along the path, whose sum is that of the output."""


class Attribution(NamedTuple):
    """What each input contributes to an output."""

    values: list[np.ndarray]
    """Of each group of inputs."""
    output: float
    baseline: float
    """The output at the baseline."""
    points: int
    """Points of the path that were computed."""

    @property
    def total(self) -> float:
        """The sum of all attributions, which should be `output - baseline`."""
        return float(sum(each.sum(dtype=np.float64) for each in self.values))

    @property
    def error(self) -> float:
        """Difference of the sum from that of the outputs, as a share of the latter."""
        difference = self.output - self.baseline
        return abs(self.total - difference) / max(abs(difference), LEAST_DIFFERENCE)

    @property
    def is_complete(self) -> bool:
        return self.error <= TOLERANCE


def integrate(slopes: Slopes, *, most_points: int = MOST_POINTS, at_once: int = 1) -> Attribution:
    """The attributions of the inputs of a path; incomplete ones where `most_points` were not enough.

    Args:
        at_once: points computed together; the last ones are filled up, so that all calls have one shape.
    """
    places = np.linspace(0, 1, FIRST_INTERVALS + 1)
    outputs, parts = _computed(slopes, places, at_once)
    while True:
        order = np.argsort(places)
        places, outputs, parts = places[order], outputs[order], [part[order] for part in parts]
        gaps = _gaps(places, outputs, parts)
        chosen = _to_halve(gaps, outputs)[: most_points - len(places)]
        if not len(chosen):
            break
        middles = (places[chosen] + places[chosen + 1]) / 2
        further = _computed(slopes, middles, at_once)
        places, outputs = np.append(places, middles), np.append(outputs, further[0])
        parts = [np.concatenate(pair) for pair in zip(parts, further[1], strict=True)]
    weights = _trapezoid_weights(places)
    values = [np.tensordot(weights, part.astype(np.float64), axes=1) for part in parts]
    return Attribution(values, float(outputs[-1]), float(outputs[0]), len(places))


def mean(attributions: list[Attribution]) -> Attribution:
    """Attributions of the mean of several networks' outputs, for gradients are linear in the output."""
    groups = zip(*(each.values for each in attributions), strict=True)
    return Attribution(
        [np.mean(group, axis=0) for group in groups],
        float(np.mean([each.output for each in attributions])),
        float(np.mean([each.baseline for each in attributions])),
        sum(each.points for each in attributions),
    )


def _computed(slopes: Slopes, places: np.ndarray, at_once: int) -> tuple[np.ndarray, list[np.ndarray]]:
    outputs, parts = list[np.ndarray](), list[list[np.ndarray]]()
    for start in range(0, len(places), at_once):
        chosen = places[start : start + at_once]
        found, of_inputs = slopes(np.resize(chosen, at_once))
        outputs.append(np.asarray(found, np.float64)[: len(chosen)])
        parts.append([np.asarray(each)[: len(chosen)] for each in of_inputs])
    return np.concatenate(outputs), [np.concatenate(group) for group in zip(*parts, strict=True)]


def _gaps(places: np.ndarray, outputs: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """For each interval, what the trapezoid rule lacks of the difference of outputs at its ends."""
    along = sum(part.reshape(len(places), -1).sum(axis=1, dtype=np.float64) for part in parts)
    return np.diff(outputs) - np.diff(places) * (along[:-1] + along[1:]) / 2


def _to_halve(gaps: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The intervals to halve, the largest gaps first; none when all together are within the tolerance."""
    difference = max(abs(outputs[-1] - outputs[0]), LEAST_DIFFERENCE)
    way = max(np.abs(np.diff(outputs)).sum(), LEAST_DIFFERENCE)
    if abs(gaps.sum()) <= TOLERANCE / 2 * difference and np.abs(gaps).sum() <= UNEVEN * way:
        return np.zeros(0, np.intp)
    order = np.argsort(-np.abs(gaps), kind="stable")
    return order[: max(1, np.count_nonzero(np.abs(gaps) > TOLERANCE / 4 * difference / len(gaps)))]


def _trapezoid_weights(places: np.ndarray) -> np.ndarray:
    widths = np.diff(places)
    return (np.append(widths, 0) + np.append(0, widths)) / 2
