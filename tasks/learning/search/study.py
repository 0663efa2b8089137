"""An Optuna study whose trials are each finished exactly once, also when processes are killed.

A trial that stops early is requeued: it keeps its number, its parameters and its reports, and is the next one
to be begun. When it fails or is killed a second time without having finished a step, it ends as failed.

A trial belongs to the process that began it. The process locks a file for as long as it lives; the kernel
frees the lock when the process ends, and the next process that begins a trial requeues those without owner.
"""

import os
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
from tasks.core.files.locks import file_lock
from tasks.core.masking import masked
from tasks.learning.search.config import Search
from tasks.learning.search.samplers import pruner, sampler
from tasks.learning.search.storage import open_storage
from tasks.learning.search.trials import Trial

ATTEMPTS = 2
"""Attempts at a trial without a finished step between them, after which it ends as failed."""


class StartedTrial(NamedTuple):
    """A trial to be carried out now."""

    number: int
    differences: dict[str, Any]
    """What its settings change in those that the search starts from, by the keys that `--set` takes."""


class Study:
    """One study. Any number of processes and threads may use it at the same time."""

    def __init__(self, search: Search, *, competition: str, steps: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.name = search.study
        self.folder = Store.current().root / "studies" / competition
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            storage = open_storage(search.storage.get_secret_value(), self.folder / f"{self.name}.journal")
        except ValueError as error:
            expected = "the URL of a database that answers, like postgresql://…"
            received = f"{masked(search.storage.get_secret_value())!r} ({error})"
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
    def register_owner(self) -> Iterator[str]:
        """Yield a name for this process; for others it is alive until the block or the process ends."""
        owner = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        lock = file_lock(self._owner_file(owner))
        with self._lock():  # else another process might take the new file for that of a dead one
            lock.acquire()
        with lock:
            yield owner

    def set_once(self, key: str, value: Any) -> Any:
        """Store the value unless the study already has one under this key; return the stored value."""
        with self._lock():
            if key not in self._study.user_attrs:
                self._study.set_user_attr(key, value)
        return self._study.user_attrs[key]

    def begin(
        self,
        owner: str,
        *,
        total: int,
        initial_params: Callable[[], dict[str, Any]],
        suggest: Callable[[Any], dict[str, Any]],
    ) -> StartedTrial | None:
        """Begin the next trial: a requeued one before a new one; None when `total` have been begun.

        Args:
            owner: name of the process that carries it out, from `register_owner`.
            total: number of trials in all.
            initial_params: parameters of the first trial, which changes no setting; as near to the settings
                as the parameters' bounds allow.
            suggest: takes Optuna's trial, returns the differences.
        """
        with self._lock():
            self._requeue_abandoned()
            number = self._next(total, initial_params)
            if number is None:
                return None
            self._set_attribute(number, "owner", owner)
            trial = self._study.ask()
            trial.set_user_attr("owner", owner)
            trial.set_user_attr("attempts", trial.user_attrs.get("attempts", 0) + 1)
            differences = suggest(trial)
            if trial.user_attrs.get("start"):
                differences = {}
            trial.set_user_attr("differences", differences)
            return StartedTrial(trial.number, differences)

    def report(self, number: int, step: int, value: float) -> bool:
        """Store a trial's score after a step and return whether to prune it. A step is stored only once."""
        trial = self._stored_trial(number)
        if step not in trial.intermediate_values:
            self._storage.set_trial_intermediate_value(self._trial_id(number), step, value)
            trial = self._stored_trial(number)
        return not trial.user_attrs.get("start") and self._study.pruner.prune(self._study, trial)

    def mark_progress(self, number: int) -> None:
        """Record that the trial has finished a step since it was begun."""
        if self._stored_trial(number).user_attrs["attempts"] != 1:
            self._set_attribute(number, "attempts", 1)

    def complete(self, number: int, score: Score) -> None:
        """End a trial with its score."""
        self._set_attribute(number, "score", score._asdict())
        self._study.tell(number, score.signed, skip_if_finished=True)

    def prune(self, number: int) -> None:
        """End a trial as pruned."""
        self._end(number, "PRUNED")

    def requeue(self, number: int) -> None:
        """Let a running trial be begun again; this attempt does not count."""
        attempts = self._stored_trial(number).user_attrs.get("attempts", 1)
        self._set_attribute(number, "attempts", attempts - 1)
        self._set_waiting(number)

    def fail(self, number: int, reason: str) -> bool:
        """Requeue a trial that failed for the first time, else end it; return whether it has ended."""
        self._set_attribute(number, "failure", reason[:1000])
        return self._requeue_or_end(number)

    def trials(self) -> list[Trial]:
        """Return all trials by number."""
        return [Trial.of(frozen) for frozen in self._study.get_trials(deepcopy=False)]

    def importances(self) -> dict[str, float]:
        """Importance of each parameter for the score, the largest first; empty for too few trials."""
        from optuna.importance import get_param_importances

        complete = [trial for trial in self.trials() if trial.state == "complete"]
        if len({trial.score and trial.score.value for trial in complete}) < 4:
            return {}
        return dict(get_param_importances(self._study))

    def _next(self, total: int, initial_params: Callable[[], dict[str, Any]]) -> int | None:
        """Number of the first waiting trial; a new one is enqueued if none is waiting."""
        trials = self._study.get_trials(deepcopy=False)
        waiting = [trial.number for trial in trials if trial.state.name == "WAITING"]
        number = waiting[0] if waiting else len(trials)
        if number >= total:
            return None
        if not trials:
            self._study.enqueue_trial(initial_params(), user_attrs={"start": True})
        elif not waiting:
            self._study.enqueue_trial({})
        return number

    def _requeue_abandoned(self) -> None:
        """Requeue or end running trials whose process has ended."""
        running = [trial for trial in self._study.get_trials(deepcopy=False) if trial.state.name == "RUNNING"]
        owners = {trial.user_attrs.get("owner", "") for trial in running}
        dead = {owner for owner in owners if not self._is_alive(owner)}
        for trial in running:
            if trial.user_attrs.get("owner", "") in dead:
                self._requeue_or_end(trial.number)
        for file in self.folder.glob("*.owner"):  # of whose trials none is running any more
            if not self._is_alive(file.stem):
                file.unlink(missing_ok=True)

    def _is_alive(self, owner: str) -> bool:
        """Whether the process holds its lock; a process with another machine's store counts as alive."""
        if not os.path.lexists(self._owner_file(owner)):
            return True
        try:
            with file_lock(self._owner_file(owner)).acquire(timeout=0):
                return False
        except Timeout:
            return True

    def _requeue_or_end(self, number: int) -> bool:
        has_ended = self._stored_trial(number).user_attrs.get("attempts", 0) >= ATTEMPTS
        if has_ended:
            self._end(number, "FAIL")
        else:
            self._set_waiting(number)
        return has_ended

    def _set_waiting(self, number: int) -> None:
        from optuna.trial import TrialState

        trial = self._stored_trial(number)
        if not trial.state.is_finished():
            self._storage.set_trial_state_values(self._trial_id(number), TrialState.WAITING)

    def _end(self, number: int, state: str) -> None:
        from optuna.trial import TrialState

        self._study.tell(number, state=TrialState[state], skip_if_finished=True)

    def _set_attribute(self, number: int, key: str, value: Any) -> None:
        trial = self._stored_trial(number)
        if not trial.state.is_finished():
            self._storage.set_trial_user_attr(self._trial_id(number), key, value)

    def _stored_trial(self, number: int) -> Any:
        return self._storage.get_trial(self._trial_id(number))

    def _trial_id(self, number: int) -> int:
        return self._storage.get_trial_id_from_study_id_trial_number(self._id, number)

    def _lock(self) -> FileLock:
        return file_lock(self.folder / f"{self.name}.lock")

    def _owner_file(self, owner: str) -> Path:
        return self.folder / f"{owner}.owner"
