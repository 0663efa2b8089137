"""How long the steps of a run still need: by earlier runs, and by what this one has shown so far."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flows.budget.makespan import family
from flows.budget.plan import PlannedStep
from tasks.core.cache.store import Store
from tasks.core.execution.run_control import RunControl

LEAST = 0.1
"""Share of its time that a step at work is taken to need when it has worked longer than was expected."""


class Pace:
    """The plan of a run, beside what its journal and its children say."""

    def __init__(self, steps: Sequence[PlannedStep], control: RunControl, run: str) -> None:
        self._steps, self._control, self._run = steps, control, run

    def done(self) -> set[str]:
        """Labels of the steps that this run is done with."""
        return {entry["label"] for entry in Store.current().journal(self._run)}

    def needed(self) -> dict[str, float]:
        """Seconds that each step still needs; of some, nothing tells."""
        done = self.done()
        shown = self._shown(done)
        needed: dict[str, float] = {}
        for step in self._steps:
            seconds = 0.0 if step.label in done else self._of(step, shown.get(family(step.label), []))
            if seconds is not None:
                needed[step.label] = seconds
        return needed

    def missing(self, labels: Iterable[str]) -> list[str]:
        """Those of the steps that are not done, in the order of the plan, with what they have worked."""
        wanted = set(labels) - self.done()
        return [step.label for step in self._steps if step.label in wanted]

    def _of(self, step: PlannedStep, shown: Sequence[tuple[float, float | None]]) -> float | None:
        if (left := self._control.seconds_left(step.label)) is not None:
            return left
        expected = _by_siblings(shown, step.seconds)
        if expected is None or not self._control.is_running(step.label):
            return expected
        return max(expected - self._control.working_time(step.label), LEAST * expected)

    def _shown(self, done: set[str]) -> dict[str, list[tuple[float, float | None]]]:
        """By family, the seconds of steps in this run, and what was expected of each."""
        shown: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
        for step in self._steps:
            left = 0.0 if step.label in done else self._control.seconds_left(step.label)
            worked = self._control.working_time(step.label)
            if left is not None and worked:
                shown[family(step.label)].append((worked + left, step.seconds))
        return shown


def _by_siblings(shown: Sequence[tuple[float, float | None]], expected: float | None) -> float | None:
    """What is expected of a step, corrected by what its siblings took beside what was expected of them."""
    if not shown:
        return expected
    known = [(took, planned) for took, planned in shown if planned]
    if expected and known:
        return expected * sum(took for took, _ in known) / sum(planned for _, planned in known)
    return sum(took for took, _ in shown) / len(shown) if expected is None else expected
