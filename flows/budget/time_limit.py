"""A time limit for a whole run: recipes that do not fit are left out, so that it ends in a submission.

It does what a run of fewer recipes would do: its submission can be rebuilt from its settings, and a later run
finds its artifacts in the cache. Recipes are considered in the preset's order. One is left out before it
starts if by the times of earlier runs it does not fit; while it runs if by its speed so far it does not; and
when the time for training is over if it is not finished. Time for the last steps, from `blend` on, is
reserved, and they are never cancelled.
"""

import logging
import time
from collections.abc import Collection, Mapping
from functools import partial
from threading import Event, Lock
from typing import Any

from flows.budget.plan import plan
from flows.budget.recipe_selection import (
    FinishedMembers,
    completed,
    has_second_round,
    only_recipes,
    recipe_names,
)
from flows.budget.remaining_time import RemainingTime, journalled
from flows.budget.run_duration import RecipeSchedule
from flows.humanize import about
from flows.training.cross_validation import AGAIN
from flows.training.dataset import Parts
from tasks.core.context import recording, run_id
from tasks.core.errors import UserError
from tasks.core.execution import cancellation
from tasks.core.execution.cancellation import RunControl
from tasks.core.execution.slots import slot_names

TOLERANCE = 1.25
"""A running recipe is left out when its estimate exceeds the time left by this factor: estimates err."""
RESERVED_SHARE = 0.05
"""Share of the time reserved for the last steps if no earlier run shows how long they take."""
SLACK_SECONDS = 5.0
"""Reserved besides, for the time between steps."""
POLL_SECONDS = 1.0
SECOND_ROUND = "second round"
SHOWN = 3
"""Unfinished steps that a message names."""

log = logging.getLogger("podium")


class Budget:
    """No time limit, as in most runs: nothing is left out."""

    def __init__(self, config: Any) -> None:
        self.config = config
        """The settings without recipes that do not fit."""

    def finished(self, members: dict[str, Any]) -> FinishedMembers:
        """Wait for the members (`Member` by the recipe's name), and select those that are finished in time.

        Raises:
            UserError: no member is finished in time.
        """
        return FinishedMembers(self.config, members, {})


def start_budget(competition: str, config: Any, parts: Parts, folds: Any) -> Budget:
    """Start the clock of the run's time limit, if it has one, and leave out recipes that do not fit.

    Waits for the folds and for what is common to all parts, since the keys of later steps depend on them.
    """
    if not config.run.budget_seconds or recording.get() is not None:
        return Budget(config)
    began = time.monotonic()
    first_steps = (folds, parts.common)
    for future in first_steps:
        future.wait()
    control = cancellation.current.get()
    if control is None or not all(future.state.is_completed() for future in first_steps):
        return Budget(config)  # a failure is raised at the end of the flow
    return LimitedBudget(competition, config, control, began=began)


def settings_within(competition: str, config: Any, *, seconds: float) -> Any:
    """The settings that a run with this time limit would start with; logs what it leaves out, and why."""
    run = config.run.model_copy(update={"budget_seconds": seconds})
    limited = config.model_copy(update={"run": run})
    return LimitedBudget(competition, limited, RunControl(), began=time.monotonic()).config


class LimitedBudget(Budget):
    """Leaves out recipes until the rest fits into `config.run.budget_seconds`."""

    def __init__(self, competition: str, config: Any, control: RunControl, *, began: float) -> None:
        super().__init__(config)
        self._competition, self._control = competition, control
        self._reasons: dict[str, str] = {}
        self._ended: set[str] = set()
        self._cancelled: set[str] = set()
        self._is_over = False
        self._plan()
        self._seconds = config.run.budget_seconds
        self._reserve = self._time_of_last_steps()
        self._until = began + self._seconds - self._reserve
        self._log_estimates()
        self._drop_recipes(self._left(), 1.0)
        if self._reasons:
            self._plan()
        self._drop_second_round(self._left(), 1.0)
        if self._schedule.seconds(self._wanted(), self._remaining.needed()) > self._left():
            log.warning(
                "that is more than the time limit; the run starts anyway, and a later run continues it"
            )

    def finished(self, members: dict[str, Any]) -> FinishedMembers:
        changed, waiting = Event(), {name: len(member.results) for name, member in members.items()}
        lock = Lock()

        def count_ended(name: str) -> None:
            with lock:
                waiting[name] -= 1
                if not waiting[name]:
                    self._ended.add(name)
            changed.set()

        for name, member in members.items():
            for future in member.results:
                future.add_done_callback(lambda _, name=name: count_ended(name))
        while len(self._ended) < len(members):
            changed.wait(max(min(POLL_SECONDS, self._left()), 0.01))
            changed.clear()
            if (left := self._left()) > 0:
                self._drop_recipes(left, TOLERANCE)
                self._drop_second_round(left, TOLERANCE)
                self._cancel_all_but(self._wanted())
            elif not self._is_over:
                self._end(completed(members, set(self._ended)))
        return self._outcome(members)

    def _plan(self) -> None:
        self._planned = recipe_names(self.config)
        self._schedule = RecipeSchedule(plan(self._competition, self.config), slots=len(slot_names()))
        done = partial(journalled, run_id() or "")
        self._remaining = RemainingTime(self._schedule.steps, self._control, done)
        self._control.order = {step.label: place for place, step in enumerate(self._schedule.steps)}

    def _left(self) -> float:
        """Seconds left for training."""
        return self._until - time.monotonic()

    def _time_of_last_steps(self) -> float:
        last, needed = self._schedule.last, self._remaining.needed()
        guess = 0.0 if last <= needed.keys() else RESERVED_SHARE * self._seconds
        known = TOLERANCE * self._schedule.seconds(last, needed)
        return max(known, guess) + min(SLACK_SECONDS, RESERVED_SHARE * self._seconds)

    def _log_estimates(self) -> None:
        log.info("%s in all, %s of it for the last steps", about(self._seconds), about(self._reserve))
        needed = self._remaining.needed()
        for name in recipe_names(self.config):
            labels = self._schedule.labels(name)
            log.info("%s: %s", name, self._need(labels, needed) if labels else "is cached")

    def _need(self, labels: set[str], needed: Mapping[str, float]) -> str:
        """How long these steps need, as text."""
        seconds = about(self._schedule.seconds(labels, needed))
        if labels <= needed.keys():
            return f"needs about {seconds}"
        return f"needs more than {seconds}" if labels & needed.keys() else "needs an unknown time"

    def _drop_recipes(self, left: float, tolerance: float) -> None:
        """Leave out recipes that do not fit; if none fits, keep the one that needs least.

        A recipe whose steps' times are all known counts as needing less than the others.
        """
        needed, names = self._remaining.needed(), recipe_names(self.config)
        labels, seconds = self._schedule.labels, self._schedule.seconds
        fitting = self._schedule.fitting(names, needed, seconds=left * tolerance)
        if not fitting:
            fitting = [
                min(
                    names, key=lambda name: (not labels(name) <= needed.keys(), seconds(labels(name), needed))
                )
            ]
        known = [name for name in fitting if labels(name) <= needed.keys()]
        if known and TOLERANCE * seconds(self._labels(known), needed) > left:
            fitting = known  # from now on, the others would take slots that these need
        for place, name in enumerate(names):
            if name not in fitting:
                before = [each for each in fitting if each in names[:place]]
                spare = left - seconds(self._labels(before), needed)
                beside = f" beside {', '.join(before)}" if before else ""
                self._leave_out(name, f"{self._need(labels(name), needed)}, {about(spare)} left{beside}")
        self.config = only_recipes(self.config, fitting, again=True)

    def _drop_second_round(self, left: float, tolerance: float) -> None:
        """Leave out the second round if it does not fit, or needs a recipe that is left out."""
        if not has_second_round(self.config):
            return
        needed, labels = self._remaining.needed(), self._wanted()
        names = recipe_names(self.config)
        first, cancelled = self._labels(names), self._labels(set(self._planned) - set(names))
        is_too_long = self._schedule.seconds(labels, needed) > left * tolerance
        if is_too_long or not labels.isdisjoint(cancelled - first):
            self._leave_out(SECOND_ROUND, f"{self._need(labels - first, needed)}, {about(left)} left")
            self.config = only_recipes(self.config, names, again=False)

    def _labels(self, recipes: Collection[str], *, again: bool = False) -> set[str]:
        """Labels of the steps of these recipes' first rounds, and of their second if `again`."""
        return set[str]().union(*(self._schedule.labels(name, again=again) for name in recipes))

    def _wanted(self) -> set[str]:
        return self._labels(recipe_names(self.config), again=has_second_round(self.config))

    def _leave_out(self, name: str, reason: str) -> None:
        self._reasons[name] = reason
        log.warning("%s: left out, %s", name, reason)

    def _cancel_all_but(self, wanted: set[str]) -> None:
        """Cancel all steps of members except the wanted ones; a member that failed stays failed."""
        failed = {step.label for step in self._schedule.steps if step.member in self._ended}
        unwanted = {step.label for step in self._schedule.steps} - self._schedule.last - wanted - failed
        self._cancelled |= unwanted
        self._control.cancel(unwanted)

    def _end(self, done: set[str]) -> None:
        """End training: cancel all but the members in `done` and those in the cache."""
        self._is_over, needed, names = True, self._remaining.needed(), recipe_names(self.config)
        done = done | {name for name in names if not self._schedule.labels(name)}
        for name in (name for name in names if name not in done):
            need = self._need(self._schedule.labels(name), needed)
            self._leave_out(name, f"not finished in time, {need}")
        in_time = [name for name in names if name in done]
        again = has_second_round(self.config) and all(f"{name}{AGAIN}" in done for name in in_time)
        if has_second_round(self.config) and not again:
            self._leave_out(SECOND_ROUND, "not finished in time")
        self._cancel_all_but(self._labels(in_time, again=again))

    def _outcome(self, members: dict[str, Any]) -> FinishedMembers:
        done, names = completed(members, set(self._ended)), recipe_names(self.config)
        cancelled = {step.member for step in self._schedule.steps if step.label in self._cancelled}
        if any(name not in cancelled for name in members.keys() - done):
            return FinishedMembers(self.config, members, self._reasons)  # the flow raises the failure
        recipes = [name for name in names if name in done]
        if not recipes:
            raise UserError(self._nothing_finished())
        again = has_second_round(self.config) and all(f"{name}{AGAIN}" in done for name in recipes)
        config = only_recipes(self.config, recipes, again=again)
        wanted = {*recipes, *(f"{name}{AGAIN}" for name in recipes if again)}
        chosen = {name: member for name, member in members.items() if name in wanted}
        left_out = {name: why for name, why in self._reasons.items() if name not in recipes}
        return FinishedMembers(config, chosen, left_out)

    def _nothing_finished(self) -> str:
        lines = [f"run: no recipe was finished in {about(self._seconds)}, so there is no submission yet"]
        for name, why in self._reasons.items():
            missing = self._remaining.missing(self._schedule.labels(name))
            shown = ", ".join(self._progress(label) for label in missing[:SHOWN])
            more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
            lines.append(f"  {name}: {why}" + (f"; missing: {shown}{more}" if missing else ""))
        lines.append("finished steps and checkpoints are kept; the same command continues from them")
        return "\n".join(lines)

    def _progress(self, label: str) -> str:
        done = self._control.working_time(label)
        return f"{label} ({about(done)} of it done)" if done else label
