"""From scores of single conditions to choices, of each of which at most one is taken."""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.decoding.sketch_outputs import NO_OPERATOR
from tasks.nl2sql.query.schema import Condition
from tasks.nl2sql.two_stage.candidates import Candidate

LEAST = 0.01
"""Probability from which a condition is considered."""
MOST_SLOTS = 8
"""Choices of a question, the most probable; queries have 4 conditions at most."""
CERTAIN = 1e-6
"""Probabilities are kept so far from 0 and 1."""

Slot = list[tuple[float, Condition | None]]
"""Conditions and none of them, with probabilities that sum to 1."""


def slots(candidates: Sequence[Candidate], probabilities: np.ndarray, *, accept: float) -> list[Slot]:
    """Choices of one question.

    Conditions whose values share characters exclude one another, and so do those of one column whose values
    stand nowhere. But the same value may well be said of two columns (“A and B are both over 5 %”): each
    acceptable condition that says so is a choice of its own.

    Args:
        probabilities: (k, 4) of each candidate with each operator.
        accept: probability from which a condition is rather taken than not.
    """
    stated = _stated(candidates, probabilities, accept=accept)
    groups: list[list[tuple[float, Candidate, Condition]]] = []
    for odds, candidate, condition in stated:
        group = next((own for own in groups if _belongs(odds, candidate, own)), None)
        if group is None:
            groups.append([(odds, candidate, condition)])
        else:
            group.append((odds, candidate, condition))
    return [_slot(group) for group in groups[:MOST_SLOTS]]


def _stated(
    candidates: Sequence[Candidate], probabilities: np.ndarray, *, accept: float
) -> list[tuple[float, Candidate, Condition]]:
    """Odds of the conditions that are considered, the most probable first."""
    found = []
    threshold = accept / (1 - accept)
    for place, operator in np.argwhere(probabilities[:, :NO_OPERATOR] >= LEAST).tolist():
        probability = min(max(float(probabilities[place, operator]), CERTAIN), 1 - CERTAIN)
        each = candidates[place]
        odds = probability / (1 - probability) / threshold
        found.append((odds, each, Condition(each.column, operator, each.value)))
    return sorted(found, key=lambda each: -each[0])


def _belongs(odds: float, candidate: Candidate, group: Sequence[tuple[float, Candidate, Condition]]) -> bool:
    """Whether a condition and any of a group exclude one another."""
    return any(
        _excludes(candidate, other) and not (odds >= 1 and _is_said_of_both(candidate, other))
        for _, other, _ in group
    )


def _excludes(one: Candidate, other: Candidate) -> bool:
    if one.start == one.end or other.start == other.end:
        return one.column == other.column and (one.start == one.end) == (other.start == other.end)
    return max(one.start, other.start) < min(one.end, other.end)


def _is_said_of_both(one: Candidate, other: Candidate) -> bool:
    return one.column != other.column and (one.start, one.end) == (other.start, other.end)


def _slot(group: Sequence[tuple[float, Candidate, Condition]]) -> Slot:
    total = 1 + sum(odds for odds, _, _ in group)
    return [*((odds / total, condition) for odds, _, condition in group), (1 / total, None)]
