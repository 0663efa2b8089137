"""Intermediate reports of a trial: after quarters of trainings, equal if they run, resume or are cached."""

from typing import Any

import pytest

from flows.search.pruning import Pruned, TrialReports
from tasks.core.execution.child_messages import EpochProgress


class Judge:
    """Remembers what was reported, and gives up at one step."""

    def __init__(self, gives_up_at: int = 0) -> None:
        self.reports: dict[int, float] = {}
        self._gives_up_at = gives_up_at

    def __call__(self, step: int, value: float) -> bool:
        self.reports.setdefault(step, value)
        return step == self._gives_up_at


def rows(count: int, **more: float) -> list[dict[str, Any]]:
    return [
        {"stage": 1, "loss": 1.0, "held_out_loss": 2.0, "held_out_accuracy": epoch / count, **more}
        for epoch in range(1, count + 1)
    ]


def epochs_of(count: int) -> list[EpochProgress]:
    return [
        EpochProgress(
            epoch, count, {"held_out_loss": 2.0, "held_out_accuracy": epoch / count}, 3.0, "steps", 9.0
        )
        for epoch in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("epochs", "steps"), [(1, []), (2, [2]), (3, [1, 2]), (4, [1, 2, 3]), (20, [1, 2, 3]), (7, [1, 2, 3])]
)
def test_a_training_is_reported_at_its_quarters(epochs: int, steps: list[int]):
    judge = Judge()
    TrialReports(judge).record_history(rows(epochs))
    assert list(judge.reports) == steps


def test_folds_are_averaged_so_far():
    judge = Judge()
    reports = TrialReports(judge)
    reports.record_history(rows(4))
    reports.record_score(0.8)
    reports.record_history(rows(4))
    reports.record_score(0.6)
    assert judge.reports == pytest.approx(
        {1: 0.25, 2: 0.5, 3: 0.75, 4: 0.8, 5: 0.525, 6: 0.65, 7: 0.775, 8: 0.7}
    )


def test_a_training_followed_epoch_by_epoch_is_reported_like_one_from_the_cache():
    running, cached = Judge(), Judge()
    reports = TrialReports(running)
    for progress in epochs_of(7):
        reports.record_epoch(progress)
    reports.record_history(rows(7))
    TrialReports(cached).record_history(rows(7))
    assert running.reports == cached.reports


def test_epochs_that_were_missed_are_made_up_for():
    judge = Judge()
    reports = TrialReports(judge)
    for progress in epochs_of(8)[5:]:
        reports.record_epoch(progress)
    assert list(judge.reports) == [3]
    reports.record_history(rows(8))
    assert sorted(judge.reports) == [1, 2, 3]


def test_trainings_that_measure_nothing_are_reported_by_fold():
    judge = Judge()
    reports = TrialReports(judge)
    reports.record_history([])
    reports.record_history([{"stage": 1, "loss": 1.0, "held_out_loss": 1.0}] * 4)
    reports.record_score(0.5)
    assert judge.reports == {4: 0.5}


def test_a_trial_is_given_up_as_soon_as_it_is_known():
    reports = TrialReports(Judge(gives_up_at=2))
    first, second, third, fourth = epochs_of(8)[:4]
    for progress in (first, second, third):
        reports.record_epoch(progress)
    with pytest.raises(Pruned):
        reports.record_epoch(fourth)
