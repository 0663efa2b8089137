"""From scores of single conditions to slots, of each of which a query has at most one condition."""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.linking.spans import overlaps
from tasks.nl2sql.query.schema import Condition
from tasks.nl2sql.sketch.labels import NO_OPERATOR
from tasks.nl2sql.two_stage.candidates import ConditionCandidate

LEAST = 0.01
"""Least probability of a condition that is considered."""
MOST_SLOTS = 8
"""Slots of a question, the most probable; queries have 4 conditions at most."""
CERTAIN = 1e-6
"""Least distance of probabilities from 0 and 1."""

Slot = list[tuple[float, Condition | None]]
"""Exclusive conditions, and None for none of them, with probabilities that sum to 1."""
Scored = tuple[float, ConditionCandidate, Condition]
"""Odds of a condition, its candidate, and the condition."""


def condition_slots(
    candidates: Sequence[ConditionCandidate], probabilities: np.ndarray, *, accept: float
) -> list[Slot]:
    """The slots of one question.

    Conditions whose values share characters exclude one another, and so do those of one column whose values
    are not in the question. But one value may belong to two columns (“A and B are both over 5 %”): each such
    condition that is probable enough has a slot of its own.

    Args:
        probabilities: (k, 4) of each candidate with each operator.
        accept: least probability of a condition that is rather taken than not.
    """
    groups: list[list[Scored]] = []
    for odds, candidate, condition in _scored(candidates, probabilities, accept=accept):
        group = next((each for each in groups if _belongs(odds, candidate, each)), None)
        if group is None:
            groups.append([(odds, candidate, condition)])
        else:
            group.append((odds, candidate, condition))
    return [_slot(group) for group in groups[:MOST_SLOTS]]


def _scored(
    candidates: Sequence[ConditionCandidate], probabilities: np.ndarray, *, accept: float
) -> list[Scored]:
    """Conditions of at least `LEAST` probability with their odds, the most probable first."""
    found, threshold = [], accept / (1 - accept)
    for place, operator in np.argwhere(probabilities[:, :NO_OPERATOR] >= LEAST).tolist():
        probability = min(max(float(probabilities[place, operator]), CERTAIN), 1 - CERTAIN)
        each = candidates[place]
        odds = probability / (1 - probability) / threshold
        found.append((odds, each, Condition(each.column, operator, each.value)))
    return sorted(found, key=lambda each: -each[0])


def _belongs(odds: float, candidate: ConditionCandidate, group: Sequence[Scored]) -> bool:
    """Whether a condition and any of a group exclude one another."""
    return any(_excludes(candidate, other, is_probable=odds >= 1) for _, other, _ in group)


def _excludes(one: ConditionCandidate, other: ConditionCandidate, *, is_probable: bool) -> bool:
    span, other_span = (one.start, one.end), (other.start, other.end)
    if one.start == one.end or other.start == other.end:
        return one.column == other.column and (one.start == one.end) == (other.start == other.end)
    if is_probable and one.column != other.column and span == other_span:
        return False
    return overlaps(span, other_span)


def _slot(group: Sequence[Scored]) -> Slot:
    total = 1 + sum(odds for odds, _, _ in group)
    return [*((odds / total, condition) for odds, _, condition in group), (1 / total, None)]
