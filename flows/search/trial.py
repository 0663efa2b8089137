"""One trial of a search: the steps of the competition's own flow, one after another, up to the member.

Steps and cache keys are those of any run, so a trial equal to an earlier trial or run costs nothing. The
trial is one Prefect task and its steps are none, since a search of hundreds of trials would have thousands.
"""

import json
import logging
import time
from typing import Any

from flows.runtime.registry import find_flow
from flows.search.pruning import Pruned, TrialReports
from tasks.core.cache.store import Artifact
from tasks.core.competition import Score, find
from tasks.core.config import Settings
from tasks.core.context import followed_by, recorded_by, run_id
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings, UserError
from tasks.core.execution import activity
from tasks.core.execution.child_process import ChildFailed
from tasks.core.settings.overrides import Override, applied
from tasks.core.step import Step, step
from tasks.evaluate import evaluate
from tasks.learning.search.config import Search
from tasks.learning.search.search_space import searched_params
from tasks.learning.search.study import Study

log = logging.getLogger("podium")

SLACK_SECONDS = 0.5
"""A child process may be ended this much before the search's time is over."""


class OutOfTime(Exception):
    """The search's time is over; a later search can continue the trial."""


class Gathered(Exception):
    """Ends the flow's body once the member, which is all that a trial needs, is gathered."""

    def __init__(self, member: Artifact) -> None:
        super().__init__(member.name)
        self.member = member


@step(cached=False, label="trial {number}")
def trial(
    competition: str,
    config: Settings,
    search: Search,
    *,
    number: int,
    differences: dict[str, Any],
    until: float | None,
) -> str:
    """Cross-validate the settings with these differences; returns `complete`, `pruned` or `out of time`.

    The search ends at `until`, in seconds since the epoch.
    """
    log.info("%s", _differences_text(differences))
    study = Study(search, competition=competition, steps=last_step(config))
    flow = find_flow(competition)
    settings: Any = changed(config, differences)
    seeds = settings.recipes[0].seeds
    try:
        with recorded_by(TrialRunner(study, number, until=until, seeds=seeds)):
            flow.fn(settings)
    except Gathered as gathered:
        summary = json.loads((gathered.member.path / "member.json").read_text("utf-8"))
        study.complete(number, Score(**summary["score"]))
        return "complete"
    except Pruned:
        study.prune(number)
        return "pruned"
    except OutOfTime:
        return "out of time"
    raise RuntimeError(f"flow {competition}: expected a member to be gathered, received none")


def searchable(competition: str, config: Any, search: Search) -> Any:
    """The settings with only the recipe that is searched.

    Raises:
        InvalidSettings: there is no such recipe, there are several and none is named, or there is nothing to
            choose below one of the keys of `only`.
    """
    chosen = [recipe for recipe in config.recipes if search.recipe in ("", recipe.name)]
    if len(chosen) != 1:
        names = ", ".join(recipe.name for recipe in config.recipes)
        raise InvalidSettings(f"--recipe: expected one of {names}, received {search.recipe or 'none'!r}")
    config, suggest = config.model_copy(update={"recipes": tuple(chosen)}), find(competition).suggest
    for key in search.only:
        if not searched_params(suggest, config, [key]):
            known = searched_params(suggest, config)
            expected = f"a key that is, or is above, one of {', '.join(known)}"
            raise InvalidSettings(f"--only: expected {expected}; received {key!r}{suggestion(key, known)}")
    return config


def last_step(config: Any) -> int:
    """Number of the last report of a trial that is not pruned."""
    return TrialReports.steps_per_fold * int(config.folds.count)


def changed(config: Settings, differences: dict[str, Any]) -> Settings:
    """The settings with these values changed; the keys are those that `--set` takes."""
    tree = config.model_dump(mode="json")
    for key, value in differences.items():
        tree, _ = applied(tree, Override(f"{key}={value}", tuple(key.split(".")), value))
    return type(config).model_validate_json(json.dumps(tree), strict=True)


def _differences_text(differences: dict[str, Any]) -> str:
    values = [f"{key.removeprefix('recipe.')} {_value_text(value)}" for key, value in differences.items()]
    return ", ".join(values) or "the initial settings"


def _value_text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return json.dumps(value) if isinstance(value, list | dict) else str(value)


class TrialRunner:
    """Recorder of step calls that runs each at once and reports figures and scores to the study.

    Of a fold with several seeds it reports the first training, and the score of the averaged predictions.
    """

    def __init__(self, study: Study, number: int, *, until: float | None, seeds: int) -> None:
        self._study, self._number, self._until, self._seeds = study, number, until, seeds
        self._followed_folds, self._held_out = set[int](), dict[str, Any]()
        self._reports = TrialReports(lambda step, value: study.report(number, step, value))

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        is_followed = step.name == "train" and arguments["fold"] not in self._followed_folds
        result = self._run(step, arguments, is_followed=is_followed)
        if step.name == "load" and arguments["part"] == "train":
            self._refuse_other_data(result)
        elif is_followed:
            self._reports.record_history(json.loads((result.path / "history.json").read_text("utf-8")))
            self._followed_folds.add(arguments["fold"])
        elif step.name == "predict" and arguments["part"] == "held_out":
            self._held_out = arguments
            if len(arguments["models"]) == self._seeds:  # else `mean` averages the predictions of the fold
                self._reports.record_score(self._fold_score(result).signed)
        elif step.name == "mean":
            self._reports.record_score(self._fold_score(result).signed)
        elif step.name == "gather":
            raise Gathered(result)
        return result

    def _fold_score(self, predictions: Artifact) -> Score:
        """The score of one fold's held-out records, which the last `predict` has predicted."""
        predicted = self._held_out
        call = {name: predicted[name] for name in ("competition", "folds")}
        call |= {"name": predicted["recipe"].name, "train": predicted["dataset"][0]}
        call |= {"predictions": [predictions], "of": f"fold {predicted['fold']}"}
        evaluation = self._run(evaluate, call)
        return Score(**json.loads((evaluation.path / "score.json").read_text("utf-8")))

    def _run(self, step: Step, arguments: dict[str, Any], *, is_followed: bool = False) -> Any:
        label = step.label(arguments)
        follower = self._reports.record_epoch if is_followed else lambda epoch: None
        try:
            with followed_by(follower):
                outcome = step.execute(self._limited(arguments), run=run_id())
        except ChildFailed as error:
            if self._seconds_left() < SLACK_SECONDS:
                raise OutOfTime from error
            raise
        if outcome.state == "ran":
            log.info("%s: done in %.1f s", label, outcome.seconds, extra=activity.SUPERFLUOUS)
            self._study.mark_progress(self._number)
        return outcome.result

    def _limited(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments, with the time of a child process limited to that of the search."""
        seconds = self._seconds_left()
        if seconds <= 0:
            raise OutOfTime
        run = arguments.get("run")
        if run is None or seconds == float("inf") or 0 < run.timeout_seconds < seconds:
            return arguments
        return {**arguments, "run": run.model_copy(update={"timeout_seconds": seconds})}

    def _seconds_left(self) -> float:
        return float("inf") if self._until is None else self._until - time.time()

    def _refuse_other_data(self, dataset: Artifact) -> None:
        if self._study.set_once("dataset", dataset.name) != dataset.name:
            raise UserError(
                f"study {self._study.name}: expected the data that it started with, received other; "
                "choose another --study"
            )
