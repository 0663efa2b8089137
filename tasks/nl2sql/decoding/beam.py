"""Beam search over independent choices."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import TypeVar

Choice = TypeVar("Choice", bound=Hashable)
Merged = TypeVar("Merged", bound=Hashable)

LEAST_SHARE = 1e-3
"""Choices below this share of the best choice's probability are pruned."""


def best(choices: Iterable[tuple[float, Choice]], most: int) -> list[tuple[float, Choice]]:
    """The most probable choices; of equally probable ones those that come first."""
    return sorted(choices, key=itemgetter(0), reverse=True)[:most]


def pruned(choices: Iterable[tuple[float, Choice]], most: int) -> list[tuple[float, Choice]]:
    """The most probable choices, without those below `LEAST_SHARE` of the best."""
    chosen = best(choices, most)
    return [each for each in chosen if each[0] >= LEAST_SHARE * chosen[0][0]]


def combinations(
    slots: Iterable[Sequence[tuple[float, Choice | None]]], *, most: int
) -> list[tuple[float, tuple[Choice, ...]]]:
    """The most probable combinations of one choice a slot, where None chooses nothing.

    All but `most` are pruned after each slot, so the time is linear in the number of slots.

    >>> combinations([[(0.75, "a"), (0.25, None)], [(0.5, "b"), (0.5, None)]], most=2)
    [(0.375, ('a', 'b')), (0.375, ('a',))]
    """
    beam: list[tuple[float, tuple[Choice, ...]]] = [(1.0, ())]
    for slot in slots:
        longer = [
            (prefix_probability * probability, prefix if choice is None else (*prefix, choice))
            for prefix_probability, prefix in beam
            for probability, choice in slot
        ]
        beam = best(longer, most)
    return beam


def merged(choices: Iterable[tuple[float, Choice]], form: Callable[[Choice], Merged]) -> dict[Merged, float]:
    """Summed probabilities of the choices that have the same form."""
    total: dict[Merged, float] = defaultdict(float)
    for probability, choice in choices:
        total[form(choice)] += probability
    return total
