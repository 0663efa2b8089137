"""A search for better settings: trials of cross-validation until there are enough or the time is over.

Each trial is one Prefect task. A free worker starts the next trial at once.
"""

import json
import logging
import time
from typing import Any

from prefect import flow
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.search.results import write
from flows.search.trial import last_step, searchable, trial
from tasks.core.competition import find
from tasks.core.config import Settings
from tasks.core.errors import InvalidSettings, UserError
from tasks.core.execution.slots import slot_names
from tasks.core.execution.stopping import Stopped, is_stopping
from tasks.core.report.publishing import publish
from tasks.core.submissions.submissions import flat
from tasks.learning.search.config import Search
from tasks.learning.search.search_space import restricted, searched_params
from tasks.learning.search.study import StartedTrial, Study
from tasks.learning.search.trials import Trial, best

log = logging.getLogger("podium")

MOST_FAILURES = 3
"""Failed trials after which a search without a complete trial ends."""


@flow(
    name="search",
    description="Search for better settings of a competition.",
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
    validate_parameters=False,
)
def search(competition: str, config: Any, settings: Search) -> dict[str, Any]:
    """Run trials, or continue a study; write the best trial as a preset, and a report.

    Returns:
        Places of preset and report, counts and scores, as JSON.

    Raises:
        UserError: the settings cannot be searched, are not the study's, or no trial was finished in time.
    """
    config = searchable(competition, config, settings)
    study = Study(settings, competition=competition, steps=last_step(config))
    _refuse_other_settings(study, config, settings)
    with study.register_owner() as owner:
        _Trials(study, competition, config, settings, owner=owner).run()
    winner = best(study.trials())
    if winner is None:
        raise UserError(f"study {study.name}: no trial was finished in time; the same command continues")
    results = write(study, competition, config, settings, winner)
    publish(results.sections, under=f"{competition}-search", of=f"{study.name}: ")
    return results.summary()


def worker_count(search: Search) -> int:
    """Number of trials that run at the same time."""
    return search.workers or len(slot_names())


def _refuse_other_settings(study: Study, config: Settings, search: Search) -> None:
    """Raise InvalidSettings if the study started with other settings: its scores could not be compared.

    A setting that did not exist then counts as what it is by default.
    """
    tree = json.loads(config.model_dump_json(exclude={"run"}))
    tree["data"].pop("root", None)  # data count by their contents
    only = " ".join(sorted(search.only)) or None
    now = dict(flat({**tree, "--seed": search.seed, "--pruner": search.pruner, "--only": only}))
    before, defaults = study.set_once("settings", now), dict(flat(type(config)().model_dump(mode="json")))
    pairs = {key: (before.get(key, defaults.get(key)), now.get(key)) for key in {**before, **now}}
    changes = [f"{key} {old!r} → {new!r}" for key, (old, new) in pairs.items() if old != new]
    if changes:
        more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
        raise InvalidSettings(
            f"study {study.name}: expected the settings that it started with, received "
            f"{', '.join(changes[:3])}{more}; choose another --study"
        )


class _Trials:
    """Runs trials on all workers until there are enough or the time is over."""

    def __init__(self, study: Study, competition: str, config: Any, search: Search, *, owner: str) -> None:
        self._study, self._competition, self._config = study, competition, config
        self._search, self._owner = search, owner
        self._began = time.time()
        self._until = self._began + search.timeout_seconds if search.timeout_seconds else None
        self._workers = worker_count(search)
        self._finished_before = sum(each.finished for each in study.trials())
        self._last_failure: Exception | None = None
        self._running: dict[Any, int] = {}

    def run(self) -> None:
        """Run trials to the end.

        Raises:
            Exception: the last failure, if trials fail and none is complete.
        """
        try:
            while self._fill():
                done = next(as_completed(list(self._running)))
                self._settle(self._running.pop(done), done)
        except BaseException:
            for number in self._running.values():
                self._study.requeue(number)
            raise
        if self._last_failure and not best(self._study.trials()):
            raise self._last_failure

    def _fill(self) -> bool:
        """Start trials while there are free workers; whether any is running."""
        while len(self._running) < self._workers and (begun := self._next()):
            future = trial.submit(
                self._competition, self._config, self._search, **begun._asdict(), until=self._until
            )
            self._running[future] = begun.number
        return bool(self._running)

    def _next(self) -> StartedTrial | None:
        if self._until is not None and time.time() >= self._until:
            return None
        suggest, only = find(self._competition).suggest, self._search.only
        return self._study.begin(
            self._owner,
            total=self._search.trials,
            initial_params=lambda: searched_params(suggest, self._config, only),
            suggest=lambda trial: restricted(suggest, only)(trial, self._config),
        )

    def _settle(self, number: int, future: Any) -> None:
        """Record how a trial ended, and log the progress of the search.

        Raises:
            Stopped: the process is ending; the trial is continued by a later search.
        """
        if is_stopping():
            self._study.requeue(number)
            raise Stopped
        result = future.result(raise_on_failure=False)
        if isinstance(result, UserError):
            self._study.requeue(number)
            raise result
        if isinstance(result, BaseException):
            self._failed(number, result)
        elif result == "out of time":
            self._study.requeue(number)
        trials = self._study.trials()
        log.info("trial %d %s; %s", number, _outcome(trials[number]), self._progress(trials))

    def _failed(self, number: int, error: BaseException) -> None:
        self._study.fail(number, str(error))
        if not isinstance(error, Exception):
            raise error
        self._last_failure = error
        failures = [each for each in self._study.trials() if each.state == "fail"]
        if len(failures) >= MOST_FAILURES and not best(self._study.trials()):
            raise error

    def _progress(self, trials: list[Trial]) -> str:
        finished = sum(each.finished for each in trials)
        texts = [f"{finished} of {self._search.trials} trials finished"]
        if winner := best(trials):
            assert winner.score is not None
            texts.append(f"best {winner.score.value:.4f} (trial {winner.number})")
        here = finished - self._finished_before
        if here and (left := self._search.trials - finished) > 0:
            seconds = (time.time() - self._began) / here
            texts.append(f"{seconds:.0f} s a trial, {left * seconds / 60:.0f} min left")
        return ", ".join(texts)


def _outcome(trial: Trial) -> str:
    if trial.state == "complete" and trial.score is not None:
        return trial.score.text()
    return {"fail": "failed", "waiting": "requeued"}.get(trial.state, trial.state)
