"""The time of a whole run: what does not fit is left out, so that it ends in a submission.

What such a run does is what a run of fewer recipes would do; its submission can be made again from its own
settings, and a later run finds all that was done. Recipes are taken in the preset's order. One is left out
before it begins where earlier runs say that it does not fit; on its way, when its own pace says so; and
where it is not finished as the time for training ends. The last steps, from the blend on, have a time of
their own, and are never cut off.
"""

import logging
import time
from collections.abc import Collection, Mapping
from threading import Event
from typing import Any

from flows.budget.makespan import Forecast
from flows.budget.plan import plan
from flows.budget.remaining_time import Pace
from flows.budget.selection import Kept, finished, has_second_round, names_of, reduced
from flows.humanize import about
from flows.training.cross_validation import AGAIN
from tasks.core.context import recording, run_id
from tasks.core.errors import UserError
from tasks.core.execution import run_control
from tasks.core.execution.run_control import RunControl
from tasks.core.execution.slots import slot_names

TOLERANCE = 1.25
"""A recipe on its way is left out when it needs so many times the time that is left: forecasts err."""
KEPT_SHARE = 0.05
"""Share of the time kept for the last steps where nothing tells how long they take."""
SLACK_SECONDS = 5.0
"""Kept besides, for what lies between steps."""
POLL_SECONDS = 1.0
SECOND_ROUND = "second round"
SHOWN = 3

log = logging.getLogger("podium")


class Budget:
    """No limit, as most runs have none: all is kept."""

    def __init__(self, config: Any) -> None:
        self.config = config
        """The settings without what does not fit."""

    def kept(self, members: dict[str, Any]) -> Kept:
        """The members that are finished in time; futures of all are given.

        Raises:
            UserError: none is.
        """
        return Kept(self.config, members, {})


def begun(competition: str, config: Any, folds: Any) -> Budget:
    """What of the settings fits into the time of the run, which counts from now.

    Waits for the folds: only with them are the keys of later steps known.
    """
    if not config.run.budget_seconds or recording.get() is not None:
        return Budget(config)
    began = time.monotonic()
    folds.wait()
    control = run_control.current.get()
    if control is None or not folds.state.is_completed():
        return Budget(config)  # a failure comes out at the end of the flow
    return Limited(competition, config, control, began=began)


def foreseen(competition: str, config: Any, *, seconds: float) -> Any:
    """What of the settings a run with so much time would begin with now; logs what it leaves out, and why."""
    run = config.run.model_copy(update={"budget_seconds": seconds})
    limited = config.model_copy(update={"run": run})
    return Limited(competition, limited, RunControl(), began=time.monotonic()).config


class Limited(Budget):
    """Recipes are left out until the rest fits."""

    def __init__(self, competition: str, config: Any, control: RunControl, *, began: float) -> None:
        super().__init__(config)
        self._competition, self._control = competition, control
        self._why: dict[str, str] = {}
        self._over: set[str] = set()
        self._refused: set[str] = set()
        self._has_ended = False
        self._foresee()
        self._seconds = config.run.budget_seconds
        self._reserve = self._kept_for_last_steps()
        self._until = began + self._seconds - self._reserve
        self._tell_estimates()
        self._drop_recipes(self._left(), 1.0)
        if self._why:
            self._foresee()
        self._drop_second_round(self._left(), 1.0)
        if self._forecast.seconds(self._wanted(), self._pace.needed()) > self._left():
            log.warning(
                "that is more than there is; a run begins all the same, and a later one goes on there"
            )

    def kept(self, members: dict[str, Any]) -> Kept:
        changed = Event()

        def ended(name: str) -> None:
            self._over.add(name)
            changed.set()

        for name, member in members.items():
            member.joined.add_done_callback(lambda _, name=name: ended(name))
        while len(self._over) < len(members):
            changed.wait(max(min(POLL_SECONDS, self._left()), 0.01))
            changed.clear()
            if (left := self._left()) > 0:
                self._drop_recipes(left, TOLERANCE)
                self._drop_second_round(left, TOLERANCE)
                self._refuse_all_but(self._wanted())
            elif not self._has_ended:
                self._end(finished(members, set(self._over)))
        return self._outcome(members)

    def _foresee(self) -> None:
        self._foreseen = names_of(self.config)
        self._forecast = Forecast(plan(self._competition, self.config), slots=len(slot_names()))
        self._pace = Pace(self._forecast.steps, self._control, run_id() or "")
        self._control.order = {step.label: place for place, step in enumerate(self._forecast.steps)}

    def _left(self) -> float:
        """Seconds for training."""
        return self._until - time.monotonic()

    def _kept_for_last_steps(self) -> float:
        last, needed = self._forecast.last, self._pace.needed()
        guess = 0.0 if last <= needed.keys() else KEPT_SHARE * self._seconds
        known = TOLERANCE * self._forecast.seconds(last, needed)
        return max(known, guess) + min(SLACK_SECONDS, KEPT_SHARE * self._seconds)

    def _tell_estimates(self) -> None:
        log.info("%s in all, %s of it for the last steps", about(self._seconds), about(self._reserve))
        needed = self._pace.needed()
        for name in names_of(self.config):
            labels = self._forecast.labels(name)
            log.info("%s: %s", name, self._told(labels, needed) if labels else "is there already")

    def _told(self, labels: set[str], needed: Mapping[str, float]) -> str:
        """How long these steps need, as far as anything tells."""
        seconds = about(self._forecast.seconds(labels, needed))
        if labels <= needed.keys():
            return f"needs about {seconds}"
        return f"needs more than {seconds}" if labels & needed.keys() else "nothing tells how long it needs"

    def _drop_recipes(self, left: float, tolerance: float) -> None:
        """Leave out what does not fit; of recipes of which none does, the one that needs least goes on."""
        needed, names = self._pace.needed(), names_of(self.config)
        labels = self._forecast.labels
        fitting = self._forecast.fitting(names, needed, seconds=left * tolerance)
        if not fitting:
            fitting = [min(names, key=lambda name: self._hopelessness(labels(name), needed))]
        sure = [name for name in fitting if labels(name) <= needed.keys()]
        if sure and TOLERANCE * self._forecast.seconds(self._labels(sure), needed) > left:
            fitting = sure  # the last moment in which the others do not take their slots away
        for place, name in enumerate(names):
            if name not in fitting:
                before = [each for each in fitting if each in names[:place]]
                spare = left - self._forecast.seconds(self._labels(before), needed)
                beside = f" beside {', '.join(before)}" if before else ""
                self._leave_out(name, f"{self._told(labels(name), needed)}, {about(spare)} left{beside}")
        self.config = reduced(self.config, fitting, again=True)

    def _hopelessness(self, labels: set[str], needed: Mapping[str, float]) -> tuple[bool, float]:
        """Sorts what is least likely to end in time last."""
        return not labels <= needed.keys(), self._forecast.seconds(labels, needed)

    def _drop_second_round(self, left: float, tolerance: float) -> None:
        """Leave it out where it does not fit, or rests on a recipe that was left out on its way."""
        if not has_second_round(self.config):
            return
        needed, labels = self._pace.needed(), self._wanted()
        kept = names_of(self.config)
        own, lost = (self._labels(kept), self._labels(set(self._foreseen) - set(kept)))
        if self._forecast.seconds(labels, needed) > left * tolerance or not labels.isdisjoint(lost - own):
            self._leave_out(SECOND_ROUND, f"{self._told(labels - own, needed)}, {about(left)} left")
            self.config = reduced(self.config, kept, again=False)

    def _labels(self, recipes: Collection[str], *, again: bool = False) -> set[str]:
        """What the first rounds of these recipes are made of, and the second too if `again`."""
        return set[str]().union(*(self._forecast.labels(name, again=again) for name in recipes))

    def _wanted(self) -> set[str]:
        return self._labels(names_of(self.config), again=has_second_round(self.config))

    def _leave_out(self, name: str, why: str) -> None:
        self._why[name] = why
        log.warning("%s: left out, %s", name, why)

    def _refuse_all_but(self, wanted: set[str]) -> None:
        """End all that makes members, but for what is wanted; what failed by itself stays a failure."""
        failed = {step.label for step in self._forecast.steps if step.gathers in self._over}
        unwanted = {step.label for step in self._forecast.steps} - self._forecast.last - wanted - failed
        self._refused |= unwanted
        self._control.cancel(unwanted)

    def _end(self, done: set[str]) -> None:
        """The time for training is over; members that were there before only have to be looked up."""
        self._has_ended, needed, names = True, self._pace.needed(), names_of(self.config)
        done = done | {name for name in names if not self._forecast.labels(name)}
        late = [name for name in names if name not in done]
        for name in late:
            told = self._told(self._forecast.labels(name), needed)
            self._leave_out(name, f"not finished in time, {told}")
        in_time = [name for name in names if name in done]
        again = has_second_round(self.config) and all(f"{name}{AGAIN}" in done for name in in_time)
        if has_second_round(self.config) and not again:
            self._leave_out(SECOND_ROUND, "not finished in time")
        self._refuse_all_but(self._labels(in_time, again=again))

    def _outcome(self, members: dict[str, Any]) -> Kept:
        done, names = finished(members, set(self._over)), names_of(self.config)
        gathers = {step.gathers: step.label for step in self._forecast.steps}
        if any(gathers.get(name, "") not in self._refused for name in members.keys() - done):
            return Kept(self.config, members, self._why)  # the failure comes out at the end of the flow
        recipes = [name for name in names if name in done]
        if not recipes:
            raise UserError(self._nothing_finished())
        again = has_second_round(self.config) and all(f"{name}{AGAIN}" in done for name in recipes)
        config = reduced(self.config, recipes, again=again)
        wanted = {*recipes, *(f"{name}{AGAIN}" for name in recipes if again)}
        chosen = {name: member for name, member in members.items() if name in wanted}
        return Kept(config, chosen, {name: why for name, why in self._why.items() if name not in recipes})

    def _nothing_finished(self) -> str:
        lines = [f"run: no recipe was finished in {about(self._seconds)}, so there is no submission yet"]
        for name, why in self._why.items():
            missing = self._pace.missing(self._forecast.labels(name))
            told = ", ".join(self._step_told(label) for label in missing[:SHOWN])
            more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
            lines.append(f"  {name}: {why}" + (f"; missing: {told}{more}" if missing else ""))
        lines.append("what is done is kept, with checkpoints of what is not; the same command goes on there")
        return "\n".join(lines)

    def _step_told(self, label: str) -> str:
        worked = self._control.working_time(label)
        return f"{label} ({about(worked)} of it done)" if worked else label
