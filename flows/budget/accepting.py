"""Which results at hand a person can accept for today's code: equal inputs, other code or libraries.

The plan of a run is made as if all that can be accepted were, since the keys of later steps hold the contents
of earlier results. Nothing is written here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flows.budget.changed_functions import changed_functions
from flows.budget.plan import PlannedStep, Planner
from flows.runtime.registry import find_flow
from tasks.core.cache.acceptances import Acceptance, accept
from tasks.core.cache.key_diff import nearest_record
from tasks.core.cache.keys import Key
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.core.step import Step


class Offer(NamedTuple):
    """A change of the code of a step, and the results that count if it is accepted."""

    acceptance: Acceptance
    labels: list[str]


class Offers(NamedTuple):
    """What can be accepted for a run, and the plan of the run if all of it is."""

    offers: list[Offer]
    steps: list[PlannedStep]

    def of(self, names: Sequence[str]) -> list[Offer]:
        """Those of these steps.

        Raises:
            InvalidSettings: the run has no such step, it runs always, or no result of it can be accepted
                and it must run.
        """
        problems = [text for name in dict.fromkeys(names) if (text := self._problem(name))]
        if problems:
            raise InvalidSettings("\n".join(problems))
        return [each for each in self.offers if each.acceptance.step in names]

    def _problem(self, name: str) -> str:
        known = sorted({each.step for each in self.steps if each.step and each.reason != "always runs"})
        if name not in known:
            near = suggestion(name, known)
            return f"STEP: expected one of {', '.join(known)}, received {name!r}{near}"
        if any(each.acceptance.step == name for each in self.offers):
            return ""
        waiting = [each for each in self.steps if each.step == name and each.state != "cached"]
        if not waiting:
            return ""
        first = waiting[0]
        expected = "a result of the same inputs by other code or libraries"
        return f"{first.label}: expected {expected}, received none ({first.reason})"


def offers(competition: str, config: Any, *, note: str = "") -> Offers:
    """What can be accepted for a run with these settings, by this user and now."""
    planner = _Accepting(Store.current(), note)
    with recorded_by(planner):
        find_flow(competition).fn(config)
    return Offers(list(planner.offers.values()), planner.steps)


class _Accepting(Planner):
    """Recorder of step calls for which what can be accepted counts as accepted."""

    def __init__(self, store: Store, note: str) -> None:
        super().__init__(store)
        self.offers: dict[str, Offer] = {}
        self._note = note

    def cached(self, step: Step, label: str, arguments: dict[str, Any]) -> tuple[Artifact, str] | None:
        found = super().cached(step, label, arguments)
        if found is not None or self.is_pending(arguments):
            return found
        key = step.key(arguments, self.store)
        candidates = [record for record in self.records if _can_be_accepted(self.store, record, key)]
        record = nearest_record(candidates, key, label)
        if record is None:
            return None
        functions = changed_functions(record["code"], key.code)
        acceptance = accept(key, record, note=self._note, functions=functions)
        self.offers.setdefault(acceptance.id, Offer(acceptance, [])).labels.append(label)
        return Artifact.model_validate(record["result"]), f"can be accepted: {', '.join(acceptance.changes)}"


def _can_be_accepted(store: Store, record: Mapping[str, Any], key: Key) -> bool:
    """Whether a record has equal inputs and a whole result of the same backend of Keras."""
    if record["step"] != key.step or record["inputs"] != key.inputs:
        return False
    backends = record["libraries"].get("backend"), key.libraries.get("backend")
    return backends[0] == backends[1] and store.result_of(dict(record)) is not None
