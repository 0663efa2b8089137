"""What a run would do, found by executing the flow's own body with steps that only compute their keys.

Each step's key is computed from the cached results of its predecessors. If a predecessor must run, its result
is not known yet. A step that depends on it runs too if anything else in its key is new; otherwise it *may*
run: it does not if the result is the same as before.
"""

from typing import Any, NamedTuple

from flows.budget.time_estimates import Estimates
from flows.runtime.registry import find_flow
from tasks.core.cache.acceptances import Acceptance, acceptances, accepted_keys, code_of, find_result
from tasks.core.cache.key_diff import nearest_record, reasons
from tasks.core.cache.keys import Key
from tasks.core.cache.remote_store import Mirror
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.step import Step

UNKNOWN = Artifact(kind="unknown", digest="")
"""Placeholder in keys for a result that is not known yet."""
OF_MEMBER = ("gather", "average", "evaluate")
"""Steps that complete a member: out-of-fold predictions, those of the other parts, scores of seeds."""
LEAST = 0.05
"""Least share of a step's time that remains, however long earlier attempts took."""


class PlannedStep(NamedTuple):
    """One step of a plan."""

    label: str
    state: str
    """`cached`, `run`, or `maybe` if it depends on a predecessor's result."""
    reason: str
    """Why it must run."""
    waits_for: tuple[str, ...] = ()
    """Labels of its predecessors that must run."""
    seconds: float | None = 0.0
    """Estimate without the work of earlier attempts; None: unknown."""
    member: str = ""
    """Name of the member that this step completes; empty for other steps."""
    step: str = ""
    """Name of the step; empty for a result that no step of the run computes."""


class Pending(NamedTuple):
    """Placeholder for the result of a step that must run first."""

    label: str


def plan(competition: str, config: Any) -> list[PlannedStep]:
    """All steps of the competition's flow with these settings, in the order in which they are submitted."""
    planner = Planner(Store.current())
    with recorded_by(planner):
        find_flow(competition).fn(config)
    return planner.steps


class Planner:
    """Recorder of step calls that returns cached artifacts, or `Pending`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.steps: list[PlannedStep] = []
        self._mirror = Mirror.current()
        self.records = list(store.records())
        self._estimates = Estimates(store, self.records)

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        label = step.label(arguments)
        cached = self.cached(step, label, arguments) if step.cached else None
        if cached is not None:
            result, why = cached
            self.steps.append(PlannedStep(label, "cached", why, step=step.name))
            return result
        planned = self._uncached(step, label, arguments)
        waits_for = tuple(sorted(set(_pending(arguments))))
        member = arguments["name"] if step.name in OF_MEMBER else ""
        self.steps.append(planned._replace(waits_for=waits_for, member=member, step=step.name))
        return Pending(label)

    def is_pending(self, arguments: dict[str, Any]) -> bool:
        """Whether the call needs a result that is not at hand."""
        return bool(_pending(arguments))

    def found(self, label: str, reason: str) -> None:
        """List a result that no step of the run computes; `maybe` for some reason, else `cached`."""
        self.steps.append(PlannedStep(label, "maybe" if reason else "cached", reason))

    def cached(self, step: Step, label: str, arguments: dict[str, Any]) -> tuple[Artifact, str] | None:
        """The result at hand, and by which acceptance it counts, if it is one of earlier code."""
        if _pending(arguments):
            return None
        key = step.key(arguments, self.store)
        if found := find_result(self.store, key):
            return found.result, _accepted(found.accepted)
        for each, accepted in accepted_keys(self.store, key):
            if self._mirror and (result := self._mirror.lookup(each.digest)):
                return result, _accepted(accepted)
        return None

    def _uncached(self, step: Step, label: str, arguments: dict[str, Any]) -> PlannedStep:
        if not step.cached:
            return PlannedStep(label, "run", "always runs", seconds=self._estimates.last_run(label))
        key = step.key(_with_unknowns(arguments), self.store)
        seconds = self._time(key)
        if any(self.store.record(each.digest) for each, _ in accepted_keys(self.store, key)):
            return PlannedStep(label, "run", "its artifact is missing or damaged", seconds=seconds)
        earlier = nearest_record(self.records, key, label)
        if earlier is not None:
            key = key._replace(inputs=_as_before(key.inputs, earlier["inputs"]))
        why = [*reasons(key, earlier), *self._of_other_code(key, earlier)]
        state, seconds = ("run", seconds) if why else ("maybe", 0.0)
        return PlannedStep(label, state, "; ".join([*why, *_waits(arguments)]), seconds=seconds)

    def _of_other_code(self, key: Key, earlier: dict[str, Any] | None) -> list[str]:
        """By which acceptances the earlier result counted, before the code changed again."""
        if earlier is None or code_of(key) == (
            before := {part: earlier[part] for part in ("code", "libraries")}
        ):
            return []
        known = acceptances(self.store, key.step, str(key.inputs.get("competition", "")))
        return [
            f"what was accepted by {each.by} on {each.when[:10]} was another change"
            for each in known
            if each.before == before and each.after != code_of(key)
        ]

    def _time(self, key: Key) -> float | None:
        """Seconds that the step still needs after the work of earlier attempts."""
        seconds = self._estimates.seconds(key)
        return (
            None if seconds is None else max(seconds - self._estimates.earlier_seconds(key), LEAST * seconds)
        )


def _accepted(accepted: tuple[Acceptance, ...]) -> str:
    return "; ".join(f"accepted {each.text}" for each in accepted)


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
    """A key's inputs if each unknown result were the same as before."""
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
