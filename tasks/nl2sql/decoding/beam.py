"""The most probable of what can be combined from independent choices."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import TypeVar

Choice = TypeVar("Choice", bound=Hashable)
Whole = TypeVar("Whole", bound=Hashable)

LEAST_SHARE = 1e-3
"""Of the best choice's probability: choices below are left out."""

first = itemgetter(0)


def best(choices: Iterable[tuple[float, Choice]], most: int) -> list[tuple[float, Choice]]:
    """The most probable; of equally probable ones those that come first."""
    return sorted(choices, key=first, reverse=True)[:most]


def worthwhile(choices: Iterable[tuple[float, Choice]], most: int) -> list[tuple[float, Choice]]:
    """The best, without those that are too improbable beside them."""
    chosen = best(choices, most)
    return [each for each in chosen if each[0] >= LEAST_SHARE * chosen[0][0]]


def combined(
    slots: Iterable[Sequence[tuple[float, Choice | None]]], *, most: int
) -> list[tuple[float, tuple[Choice, ...]]]:
    """The most probable combinations of one choice a slot, where None chooses nothing.

    All but `most` are left out after each slot, so a slot more takes a constant time more.
    """
    found: list[tuple[float, tuple[Choice, ...]]] = [(1.0, ())]
    for slot in slots:
        longer = [
            (known * probability, made if choice is None else (*made, choice))
            for known, made in found
            for probability, choice in slot
        ]
        found = best(longer, most)
    return found


def merged(found: Iterable[tuple[float, Choice]], form: Callable[[Choice], Whole]) -> dict[Whole, float]:
    """Probabilities by a form that several may share."""
    total: dict[Whole, float] = {}
    for probability, choice in found:
        made = form(choice)
        total[made] = total.get(made, 0.0) + probability
    return total
