"""A study of Optuna whose trials are each finished once, whatever is killed.

A trial that stops before its end is put back: it keeps its number, its parameters and its reports, and is
the next one to be begun. It is given up when it fails, or is killed, a second time without getting on.

A trial belongs to the process that began it, which holds the lock of a file for as long as it lives: the
kernel frees it with the process, and whoever comes next takes such trials over.
"""

import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from tasks.core.cache.store import Store
from tasks.core.competition import Score
from tasks.core.errors import InvalidSettings
from tasks.learning.search.config import Search
from tasks.learning.search.samplers import pruner, sampler
from tasks.learning.search.storage import open_storage
from tasks.learning.search.trials import Trial, trial_of

ATTEMPTS = 2
"""Beginnings of a trial without a finished step between them, after which it counts as failed."""


class Begun(NamedTuple):
    """A trial that now is to be carried out, and what its settings change in those searched from."""

    number: int
    differences: dict[str, Any]


class Study:
    """One study. Any number of processes and threads may hold it at once."""

    def __init__(self, search: Search, *, competition: str, steps: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.name = search.study
        self.folder = Store.current().root / "studies" / competition
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            storage = open_storage(search.storage, self.folder / f"{self.name}.journal")
        except ValueError as error:
            expected = "the URL of a database that answers, like postgresql://…"
            received = f"{search.storage!r} ({error})"
            raise InvalidSettings(f"storage: expected {expected}, received {received}") from None
        self._study = optuna.create_study(
            storage=storage,
            study_name=f"podium-{competition}-{self.name}",
            load_if_exists=True,
            direction="maximize",
            sampler=sampler(search.seed),
            pruner=pruner(search.pruner, steps=steps),
        )
        self._storage = storage
        self._id = storage.get_study_id_from_name(self._study.study_name)

    @contextmanager
    def owned(self) -> Iterator[str]:
        """A name for this process, which others find alive until the block or the process ends."""
        owner = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        with FileLock(self._owner_file(owner), thread_local=False):
            yield owner

    def remembered(self, key: str, value: Any) -> Any:
        """What the study was first told under this key: this value, if nothing was."""
        with self._alone():
            if key not in self._study.user_attrs:
                self._study.set_user_attr(key, value)
        return self._study.user_attrs[key]

    def begin(
        self,
        owner: str,
        *,
        total: int,
        start: Callable[[], dict[str, Any]],
        suggest: Callable[[Any], dict[str, Any]],
    ) -> Begun | None:
        """Begin the next trial, one that was put back before a new one; None when `total` have been begun.

        Args:
            owner: who carries it out.
            total: trials in all.
            start: parameters that stand for no differences, as near as they can; they make the first trial.
            suggest: takes Optuna's trial, returns the differences.
        """
        with self._alone():
            self._take_over()
            number = self._next(total, start)
            if number is None:
                return None
            self._mark(number, "owner", owner)
            trial = self._study.ask()
            trial.set_user_attr("owner", owner)
            trial.set_user_attr("attempts", trial.user_attrs.get("attempts", 0) + 1)
            differences = suggest(trial)
            if trial.user_attrs.get("start"):
                differences = {}
            trial.set_user_attr("differences", differences)
            return Begun(trial.number, differences)

    def report(self, number: int, step: int, value: float) -> bool:
        """Note how a trial stands; whether it should be given up. A step is only noted once."""
        trial = self._frozen(number)
        if step not in trial.intermediate_values:
            self._storage.set_trial_intermediate_value(self._trial_id(number), step, value)
            trial = self._frozen(number)
        return not trial.user_attrs.get("start") and self._study.pruner.prune(self._study, trial)

    def got_on(self, number: int) -> None:
        """Note that the trial has finished a step since it was begun."""
        if self._frozen(number).user_attrs["attempts"] != 1:
            self._mark(number, "attempts", 1)

    def complete(self, number: int, score: Score) -> None:
        """End a trial with its score."""
        self._mark(number, "score", score._asdict())
        self._study.tell(number, score.signed, skip_if_finished=True)

    def prune(self, number: int) -> None:
        """End a trial that was given up."""
        self._end(number, "PRUNED")

    def put_back(self, number: int) -> None:
        """Let a trial that is under way be begun again, as if it had not been."""
        attempts = self._frozen(number).user_attrs.get("attempts", 1)
        self._mark(number, "attempts", attempts - 1)
        self._wait(number)

    def fail(self, number: int, reason: str) -> bool:
        """Put a trial back that failed for the first time, else end it; whether it has ended."""
        self._mark(number, "failure", reason[:1000])
        return self._again_or_end(number)

    def trials(self) -> list[Trial]:
        """All trials by number."""
        return [trial_of(frozen) for frozen in self._study.get_trials(deepcopy=False)]

    def importances(self) -> dict[str, float]:
        """Share of each parameter in what decides the score, the largest first; empty for too few trials."""
        from optuna.importance import get_param_importances

        complete = [trial for trial in self.trials() if trial.state == "complete"]
        if len({trial.score and trial.score.value for trial in complete}) < 4:
            return {}
        return dict(get_param_importances(self._study))

    def _next(self, total: int, start: Callable[[], dict[str, Any]]) -> int | None:
        """Number of the first trial that waits; one more is put in line if none does."""
        trials = self._study.get_trials(deepcopy=False)
        waiting = [trial.number for trial in trials if trial.state.name == "WAITING"]
        number = waiting[0] if waiting else len(trials)
        if number >= total:
            return None
        if not trials:
            self._study.enqueue_trial(start(), user_attrs={"start": True})
        elif not waiting:
            self._study.enqueue_trial({})
        return number

    def _take_over(self) -> None:
        """Put trials back whose process has ended."""
        running = [trial for trial in self._study.get_trials(deepcopy=False) if trial.state.name == "RUNNING"]
        owners = {trial.user_attrs.get("owner", "") for trial in running}
        gone = {owner for owner in owners if not self._is_alive(owner)}
        for trial in running:
            if trial.user_attrs.get("owner", "") in gone:
                self._again_or_end(trial.number)

    def _is_alive(self, owner: str) -> bool:
        """Whether the process still holds its lock; one of another machine's store is taken to."""
        if not self._owner_file(owner).exists():
            return True
        try:
            with FileLock(self._owner_file(owner), thread_local=False).acquire(timeout=0):
                return False
        except Timeout:
            return True

    def _again_or_end(self, number: int) -> bool:
        has_ended = self._frozen(number).user_attrs.get("attempts", 0) >= ATTEMPTS
        if has_ended:
            self._end(number, "FAIL")
        else:
            self._wait(number)
        return has_ended

    def _wait(self, number: int) -> None:
        from optuna.trial import TrialState

        trial = self._frozen(number)
        if not trial.state.is_finished():
            self._storage.set_trial_state_values(self._trial_id(number), TrialState.WAITING)

    def _end(self, number: int, state: str) -> None:
        from optuna.trial import TrialState

        self._study.tell(number, state=TrialState[state], skip_if_finished=True)

    def _mark(self, number: int, key: str, value: Any) -> None:
        trial = self._frozen(number)
        if not trial.state.is_finished():
            self._storage.set_trial_user_attr(self._trial_id(number), key, value)

    def _frozen(self, number: int) -> Any:
        return self._storage.get_trial(self._trial_id(number))

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)

    def _alone(self) -> FileLock:
        """A lock of its own for each call: threads that share one would both hold it."""
        return FileLock(self.folder / f"{self.name}.lock", thread_local=False)

    def _owner_file(self, owner: str) -> Path:
        return self.folder / f"{owner}.owner"
