"""The blend of some of its members, where there is no time for all."""

from collections.abc import Collection, Mapping
from typing import Any

from tasks.learning.ensemble.combination import Combination, alone


def by_weight(summary: Mapping[str, Any]) -> list[str]:
    """Names of the members with a weight, the heaviest first."""
    needed = Combination.of_summary(summary).needed()
    return sorted(needed, key=lambda name: -summary["weights"][name])


def chosen(summary: Mapping[str, Any], names: Collection[str]) -> tuple[Combination, dict[str, Any]]:
    """How these members are combined, and the decision that turns their scores into answers.

    Weights of some members keep their ratios. A stacking model needs all members: without some, the heaviest
    member stands alone, and a member that is alone decides as it does out of fold.

    Args:
        summary: `blend.json`.
        names: at least one member with a weight.
    """
    full = Combination.of_summary(summary)
    present = [name for name in by_weight(summary) if name in names]
    if set(present) == set(full.needed()):
        return full, summary["decision"]
    if len(present) == 1 or full.stack:
        first = present[0]
        return alone([*full.weights], first), summary["members_decision"][first]
    total = sum(full.weights[name] for name in present)
    weights = {name: full.weights[name] / total if name in present else 0.0 for name in full.weights}
    return Combination(weights), summary["decision"]
