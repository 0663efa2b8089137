"""How long the steps of a run still need, estimated from earlier runs and from this run so far."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from flows.budget.plan import PlannedStep
from flows.budget.run_duration import family
from tasks.core.cache.store import Store

LEAST = 0.1
"""Share of its expected time that a step is assumed to need when it has already run longer."""


class Work(Protocol):
    """What is known of the steps of a run, by their labels; `RunControl` is one."""

    def seconds_left(self, label: str) -> float | None:
        """Seconds that a running step still needs by its own reports; None: unknown."""

    def is_running(self, label: str) -> bool:
        """Whether the step is at work now."""

    def working_time(self, label: str) -> float:
        """Seconds for which the step has worked in this run."""


def journalled(run: str) -> set[str]:
    """Labels of the steps that the run has finished, by its journal."""
    return {entry["label"] for entry in Store.current().journal(run)}


class RemainingTime:
    """Compares the plan of a run with what it has done and what its steps do."""

    def __init__(self, steps: Sequence[PlannedStep], work: Work, done: Callable[[], set[str]]) -> None:
        """`done` gives the labels of the steps that the run has finished."""
        self._steps, self._work, self.done = steps, work, done

    def needed(self) -> dict[str, float]:
        """Seconds that each step still needs; steps of unknown time are missing."""
        done = self.done()
        measured = self._measured(done)
        needed: dict[str, float] = {}
        for step in self._steps:
            seconds = 0.0 if step.label in done else self._seconds(step, measured.get(family(step.label), []))
            if seconds is not None:
                needed[step.label] = seconds
        return needed

    def missing(self, labels: Iterable[str]) -> list[str]:
        """Those of the steps that are not done, in the order of the plan."""
        wanted = set(labels) - self.done()
        return [step.label for step in self._steps if step.label in wanted]

    def _seconds(self, step: PlannedStep, siblings: Sequence[tuple[float, float | None]]) -> float | None:
        if (left := self._work.seconds_left(step.label)) is not None:
            return left
        expected = _corrected(step.seconds, siblings)
        if expected is None or not self._work.is_running(step.label):
            return expected
        return max(expected - self._work.working_time(step.label), LEAST * expected)

    def _measured(self, done: set[str]) -> dict[str, list[tuple[float, float | None]]]:
        """By family, the seconds that steps of this run take, and the seconds that were expected."""
        measured: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
        for step in self._steps:
            left = 0.0 if step.label in done else self._work.seconds_left(step.label)
            working = self._work.working_time(step.label)
            if left is not None and working:
                measured[family(step.label)].append((working + left, step.seconds))
        return measured


def _corrected(expected: float | None, siblings: Sequence[tuple[float, float | None]]) -> float | None:
    """The expected seconds of a step, corrected by (taken, expected) ones of it in other folds."""
    if not siblings:
        return expected
    known = [(took, planned) for took, planned in siblings if planned]
    if expected and known:
        return expected * sum(took for took, _ in known) / sum(planned for _, planned in known)
    return sum(took for took, _ in siblings) / len(siblings) if expected is None else expected
