"""A trial of a recipe with several seeds reports each quarter and each fold once."""

from pathlib import Path
from typing import Any

import pytest

from flows.search.trial import Gathered, TrialRunner
from tasks.core.context import recorded_by
from tasks.core.execution import child_process
from tests.flows import toy_search

FOLDS = 2


class StandIn:
    """A study that keeps what is reported."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, float]] = []

    def report(self, trial: int, step: int, value: float) -> bool:
        self.reports.append((step, value))
        return False

    def set_once(self, name: str, value: Any) -> Any:
        return value

    def mark_progress(self, trial: int) -> None:
        pass


def reports(folder: Path, *, seeds: int) -> list[tuple[int, float]]:
    from tasks.toy.config import Config, Data
    from tests.toy.flow import toy as flow

    recipes = ({"epochs": 8, "learning_rate": 1.0, "seeds": seeds},)
    config = Config(data=Data(root=str(folder / "data")), folds={"count": FOLDS}, recipes=recipes)
    study: Any = StandIn()
    with pytest.raises(Gathered), recorded_by(TrialRunner(study, 0, until=None, seeds=seeds)):
        flow.fn(config)
    return study.reports


def test_several_seeds_report_as_often_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = toy_search.prepared(tmp_path, monkeypatch)
    trained: list[int] = []

    def count(entry: str, job: dict[str, Any], **options: Any) -> None:
        trained.append(job["seed"]) if entry == "tasks.train:child" else None
        toy_search.run_here(entry, job, **options)

    monkeypatch.setattr(child_process, "run", count)
    one = reports(folder, seeds=1)
    assert len(trained) == FOLDS
    three = reports(folder, seeds=3)
    assert len(set(trained)) == len(trained) == 3 * FOLDS
    # these trainings do not depend on their seed, so that the mean of three is as good as one
    assert dict(three) == pytest.approx(dict(one))
    assert {step for step, _ in three} == set(range(1, 4 * FOLDS + 1))
