"""How a blend combines its members' scores, as `blend.json` holds it; the same for every part."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tasks.learning.ensemble import stacking
from tasks.learning.ensemble.members import aligned, weighted_mean
from tasks.learning.ensemble.stacking import Stack


class Combination(NamedTuple):
    """Weights of members by name, and the stacking model if that combines them."""

    weights: dict[str, float]
    """Share of each member, summing to 1."""
    stack: Stack | None = None
    """Fitted on the members in the order of `weights`."""

    @classmethod
    def of_summary(cls, summary: Mapping[str, Any]) -> "Combination":
        """The combination that a `blend.json` describes."""
        stack = summary["stack"]
        fitted = Stack(np.array(stack["weights"]), stack["bias"]) if stack else None
        return cls(summary["weights"], fitted)

    def summary(self) -> dict[str, Any]:
        """`weights` and `stack` as JSON."""
        stack = self.stack
        fitted = {"weights": stack.weights.tolist(), "bias": stack.bias} if stack else None
        return {"weights": self.weights, "stack": fitted}

    def needed(self) -> list[str]:
        """Names of the members whose scores are read, in the order of the blend: those with a weight."""
        return [name for name, weight in self.weights.items() if self.stack or weight > 0]

    def combine(self, values: Mapping[str, Any]) -> Any:
        """The blend of the needed members' values of the same records, by name.

        >>> Combination({"a": 0.75, "b": 0.25}).combine({"a": np.ones((1, 1)), "b": np.zeros((1, 1))})
        array([[0.75]], dtype=float32)
        """
        members = [values[name] for name in self.needed()]
        if self.stack:
            vectors, restore = aligned(members)
            return restore(stacking.predict(self.stack, vectors))
        if len(members) == 1:
            return members[0]
        return weighted_mean(members, np.array([self.weights[name] for name in self.needed()]))


def alone(names: list[str], name: str) -> Combination:
    """One of several members in place of a blend."""
    return Combination({each: float(each == name) for each in names})
