"""Search: trials around cross-validation, each one task, until there are enough or the time is over.

A free worker begins the next trial at once.
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
from tasks.core.submissions.submissions import flat
from tasks.learning.search.config import Search
from tasks.learning.search.search_space import narrowed, sought
from tasks.learning.search.study import Begun, Study
from tasks.learning.search.trials import Trial, best
from tasks.report import publish

log = logging.getLogger("podium")

MOST_FAILURES = 3
"""Failures without a single complete trial, after which something else than a trial is wrong."""


@flow(
    name="search",
    description="Search for better settings of a competition.",
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
    validate_parameters=False,
)
def search(competition: str, config: Any, settings: Search) -> dict[str, Any]:
    """Run trials, or go on with a study; write the best trial as a preset, and a report.

    Returns:
        Places of preset and report, counts and scores, as JSON.

    Raises:
        UserError: the settings cannot be searched, are not the study's, or no trial was finished in time.
    """
    config = searchable(competition, config, settings)
    study = Study(settings, competition=competition, steps=last_step(config))
    _refuse_other_settings(study, config, settings)
    with study.owned() as owner:
        _Work(study, competition, config, settings, owner=owner).carry_out()
    winner = best(study.trials())
    if winner is None:
        raise UserError(f"study {study.name}: no trial was finished in time; the same command goes on")
    results = write(study, competition, config, settings, winner)
    publish(results.sections, under=f"{competition}-search", of=f"{study.name}: ")
    return results.summary()


def worker_count(search: Search) -> int:
    """Trials under way at one time."""
    return search.workers or len(slot_names())


def _refuse_other_settings(study: Study, config: Settings, search: Search) -> None:
    """Scores of one study can only be compared where all but the trials' differences is equal."""
    tree = json.loads(config.model_dump_json(exclude={"run"}))
    tree["data"].pop("root", None)  # data count by their contents
    only = " ".join(sorted(search.only)) or None
    own = dict(flat({**tree, "--seed": search.seed, "--pruner": search.pruner, "--only": only}))
    before = study.remembered("settings", own)
    changes = [
        f"{key} {before.get(key)!r} → {own.get(key)!r}"
        for key in {**before, **own}
        if before.get(key) != own.get(key)
    ]
    if changes:
        more = f" and {len(changes) - 3} more" if len(changes) > 3 else ""
        raise InvalidSettings(
            f"study {study.name}: expected the settings that it was begun with, received "
            f"{', '.join(changes[:3])}{more}; choose another --study"
        )


class _Work:
    """Keeps every worker busy until the trials are done or the time is over."""

    def __init__(self, study: Study, competition: str, config: Any, search: Search, *, owner: str) -> None:
        self._study, self._competition, self._config = study, competition, config
        self._search, self._owner = search, owner
        self._began = time.time()
        self._until = self._began + search.timeout_seconds if search.timeout_seconds else None
        self._workers = worker_count(search)
        self._finished_before = self._finished()
        self._last_failure: Exception | None = None
        self._under_way: dict[Any, int] = {}

    def carry_out(self) -> None:
        """Raises the last failure when trials fail and none is complete."""
        try:
            while self._fill():
                done = next(as_completed(list(self._under_way)))
                self._settle(self._under_way.pop(done), done)
        except BaseException:
            for number in self._under_way.values():
                self._study.put_back(number)
            raise
        if self._last_failure and not best(self._study.trials()):
            raise self._last_failure

    def _fill(self) -> bool:
        """Begin trials while there are free workers; whether any is under way."""
        while len(self._under_way) < self._workers and (begun := self._next()):
            future = trial.submit(
                self._competition, self._config, self._search, **begun._asdict(), until=self._until
            )
            self._under_way[future] = begun.number
        return bool(self._under_way)

    def _next(self) -> Begun | None:
        if self._until is not None and time.time() >= self._until:
            return None
        suggest, only = find(self._competition).suggest, self._search.only
        return self._study.begin(
            self._owner,
            total=self._search.trials,
            start=lambda: sought(suggest, self._config, only),
            suggest=lambda trial: narrowed(suggest, only)(trial, self._config),
        )

    def _settle(self, number: int, future: Any) -> None:
        """Note how a trial ended, and tell how far the search is."""
        found = future.result(raise_on_failure=False)
        if isinstance(found, UserError):
            self._study.put_back(number)
            raise found
        if isinstance(found, BaseException):
            self._failed(number, found)
        elif found == "out of time":
            self._study.put_back(number)
        trials = self._study.trials()
        log.info("trial %d %s; %s", number, _became(trials[number]), self._progress(trials))

    def _failed(self, number: int, error: BaseException) -> None:
        self._study.fail(number, str(error))
        if not isinstance(error, Exception):
            raise error
        self._last_failure = error
        failures = [each for each in self._study.trials() if each.state == "fail"]
        if len(failures) >= MOST_FAILURES and not best(self._study.trials()):
            raise error

    def _finished(self) -> int:
        return sum(each.finished for each in self._study.trials())

    def _progress(self, trials: list[Trial]) -> str:
        finished = sum(each.finished for each in trials)
        words = [f"{finished} of {self._search.trials} trials finished"]
        if winner := best(trials):
            assert winner.score is not None
            words.append(f"best {winner.score.value:.4f} (trial {winner.number})")
        here = finished - self._finished_before
        if here and (left := self._search.trials - finished) > 0:
            seconds = (time.time() - self._began) / here
            words.append(f"{seconds:.0f} s a trial, {left * seconds / 60:.0f} min left")
        return ", ".join(words)


def _became(trial: Trial) -> str:
    if trial.state == "complete" and trial.score is not None:
        return trial.score.text()
    return {"fail": "failed", "waiting": "put back"}.get(trial.state, trial.state)
