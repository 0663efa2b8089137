"""What a run would do, found by walking the flow's own body without running anything.

Each step's key is computed from what its predecessors' keys stand for in the store. Where a predecessor
must run, its result is not known yet. What depends on it runs too if anything else of its key is new;
otherwise it *may* run: not, if the result turns out as before.
"""

from importlib import import_module
from typing import Any, NamedTuple

from tasks.core.changes import nearest_record, reasons
from tasks.core.running import recorded_by
from tasks.core.step import Step
from tasks.core.store import Artifact, Store

UNKNOWN = Artifact(kind="unknown", digest="")
"""Stands in keys for a result that is not known yet."""


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
        result = self._cached(step, arguments) if step.cached else None
        if result is not None:
            self.steps.append(PlannedStep(label, "cached", ""))
            return result
        self.steps.append(self._uncached(step, label, arguments))
        return Pending(label)

    def _cached(self, step: Step, arguments: dict[str, Any]) -> Artifact | None:
        if _pending(arguments):
            return None
        return self.store.result(step.key(arguments, self.store).digest)

    def _uncached(self, step: Step, label: str, arguments: dict[str, Any]) -> PlannedStep:
        if not step.cached:
            return PlannedStep(label, "run", "always runs")
        key = step.key(_with_unknowns(arguments), self.store)
        if self.store.record(key.digest):
            return PlannedStep(label, "run", "its artifact is missing or damaged")
        earlier = nearest_record(self._records, key, label)
        if earlier is not None:
            key = key._replace(inputs=_as_before(key.inputs, earlier["inputs"]))
        why = reasons(key, earlier)
        return PlannedStep(label, "run" if why else "maybe", "; ".join([*why, *_waits(arguments)]))


def _waits(arguments: dict[str, Any]) -> list[str]:
    awaited = sorted(set(_pending(arguments)))
    more = f" and {len(awaited) - 2} more" if len(awaited) > 2 else ""
    return [f"waits for {', '.join(awaited[:2])}{more}"] if awaited else []


def _with_unknowns(value: Any) -> Any:
    """The arguments with `UNKNOWN` for each result that is pending."""
    if isinstance(value, Pending):
        return UNKNOWN
    if isinstance(value, dict):
        return {name: _with_unknowns(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_unknowns(item) for item in value]
    return value


def _as_before(inputs: Any, before: Any) -> Any:
    """A key's inputs if each unknown result turned out as it was."""
    if inputs == {"artifact": UNKNOWN.name}:
        return inputs if before is None else before
    if isinstance(inputs, dict) and isinstance(before, dict):
        return {name: _as_before(item, before.get(name)) for name, item in inputs.items()}
    if isinstance(inputs, list) and isinstance(before, list):
        known = [*before, *[None] * len(inputs)]
        return [_as_before(item, known[index]) for index, item in enumerate(inputs)]
    return inputs


def _pending(value: Any) -> list[str]:
    if isinstance(value, Pending):
        return [value.label]
    if isinstance(value, dict):
        return [label for item in value.values() for label in _pending(item)]
    if isinstance(value, list | tuple):
        return [label for item in value for label in _pending(item)]
    return []
