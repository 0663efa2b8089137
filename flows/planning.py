"""What a run would do, found by walking the flow's own body without running anything.

Each step's key is computed from what its predecessors' keys stand for in the store. Where a predecessor
must run, its result is not known yet, and what depends on it runs too unless the result turns out equal.
"""

from importlib import import_module
from typing import Any, NamedTuple

from tasks.core.changes import nearest_record, reasons
from tasks.core.step import Step, recorded_by
from tasks.core.store import Store


class PlannedStep(NamedTuple):
    """One step: `cached`, or `run` and why; `maybe` when only a predecessor's result can tell."""

    label: str
    state: str
    reason: str


class Pending(NamedTuple):
    """Stands for the result of a step that must run first."""

    label: str


def plan(competition: str, config: Any) -> list[PlannedStep]:
    """Every step of the competition's flow with these settings, in the order they are started."""
    flow = getattr(import_module(f"flows.{competition}"), competition)
    planner = Planner(Store.current())
    with recorded_by(planner):
        flow.fn(config)
    return planner.steps


class Planner:
    """Takes the calls of steps, and answers with artifacts it finds or with `Pending`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.steps: list[PlannedStep] = []
        self._records = list(store.records())

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        label = step.label(arguments)
        awaited = sorted(set(_pending(arguments)))
        if not step.cached:
            self.steps.append(PlannedStep(label, "run", "always runs"))
            return Pending(label)
        if awaited:
            reason = f"waits for {', '.join(awaited[:2])}"
            reason += f" and {len(awaited) - 2} more" if len(awaited) > 2 else ""
            self.steps.append(PlannedStep(label, "run", reason))
            return Pending(label)
        key = step.key(arguments, self.store)
        result = self.store.result(key.digest)
        if result is not None:
            self.steps.append(PlannedStep(label, "cached", ""))
            return result
        known = self.store.record(key.digest)
        earlier = nearest_record(self._records, key, label)
        why = ["its artifact is missing or damaged"] if known else reasons(key, earlier)
        self.steps.append(PlannedStep(label, "run", "; ".join(why)))
        return Pending(label)


def _pending(value: Any) -> list[str]:
    if isinstance(value, Pending):
        return [value.label]
    if isinstance(value, dict):
        return [label for item in value.values() for label in _pending(item)]
    if isinstance(value, list | tuple):
        return [label for item in value for label in _pending(item)]
    return []
