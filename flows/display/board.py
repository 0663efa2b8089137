"""What a display knows of a run: the steps that have ended, those at work, the plan, and the time left."""

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Literal

from flows.budget.plan import PlannedStep
from flows.budget.remaining_time import RemainingTime
from flows.budget.run_duration import makespan
from flows.display.lines import RunCounts
from tasks.core.execution import activity
from tasks.core.execution.activity import Activity

STEPS = "steps"
Plan = Callable[[], Sequence[PlannedStep]]
"""Makes the plan of a run; called while it runs."""


class Board:
    """The state of one run; safe for the threads that show it, plan it and run it."""

    def __init__(self, *, slots: int, noun: str = STEPS, ends_at: float | None = None) -> None:
        """`noun` is what the run counts; how many there will be is known of steps alone.

        `ends_at` is the moment of the monotonic clock at which a limit ends the run.
        """
        self._slots, self._noun, self._ends_at = slots, noun, ends_at
        self._began = time.monotonic()
        self._guard = Lock()
        self._ended: dict[str, str] = {}
        self._planned: Sequence[PlannedStep] = ()

    def end(self, label: str, state: str) -> None:
        """Note that a step has ended, and in which state: `completed`, `cached`, …"""
        with self._guard:
            self._ended[label] = state

    def plan(self, steps: Sequence[PlannedStep]) -> None:
        """Take a plan, which replaces an earlier one."""
        self._planned = steps

    @property
    def time_is_known(self) -> bool:
        """Whether an estimate of the time of every step is there."""
        return bool(self._planned) and not self._estimate()[1]

    def counts(self) -> RunCounts:
        """How far the run is."""
        ended = self._states()
        cached = sum(state == "cached" for state in ended.values())
        seconds = time.monotonic() - self._began
        if self._noun != STEPS:
            return RunCounts(len(ended), cached, None, seconds, noun=self._noun)
        if self._ends_at is not None:  # in a limited time less is run than there is
            left = max(self._ends_at - time.monotonic(), 0.0)
            total = len(activity.started() | ended.keys())
            return RunCounts(len(ended), cached, total, seconds, left, bound="at most")
        total = len({step.label for step in self._planned} | activity.started() | ended.keys())
        if not self._planned:
            return RunCounts(len(ended), cached, total, seconds)
        left, unknown = self._estimate()
        known = left if left or not unknown else None
        bound: Literal["more than", "about"] = "more than" if unknown else "about"
        return RunCounts(len(ended), cached, total, seconds, known, bound=bound)

    def _states(self) -> dict[str, str]:
        with self._guard:
            return dict(self._ended)

    def _estimate(self) -> tuple[float, int]:
        """Seconds until all planned steps have ended, and of how many the time is unknown."""
        ended = self._states()
        steps = [step for step in self._planned if step.label not in ended and step.state != "cached"]
        needed = RemainingTime(self._planned, _Work(activity.running()), lambda: set(ended)).needed()
        return makespan(steps, needed, slots=self._slots), sum(step.label not in needed for step in steps)


class _Work:
    """What is known of steps from their own reports (`flows.budget.remaining_time.Work`)."""

    def __init__(self, running: Sequence[Activity]) -> None:
        self._running = {each.label: each for each in running}

    def seconds_left(self, label: str) -> float | None:
        found = self._running.get(label)
        return found.seconds_left if found else None

    def is_running(self, label: str) -> bool:
        return label in self._running

    def working_time(self, label: str) -> float:
        found = self._running.get(label) or activity.finished(label)
        return found.worked_seconds if found else 0.0
