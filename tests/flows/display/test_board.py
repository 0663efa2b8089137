"""What a display knows of a run: counts of steps, and the time left by plan and reports."""

import time

import pytest

from flows.budget.plan import PlannedStep
from flows.display.board import Board
from tasks.core.execution import activity
from tasks.core.execution.child_messages import EpochProgress


def planned(label: str, seconds: float | None, *waits_for: str, state: str = "run") -> PlannedStep:
    return PlannedStep(label, state, "", waits_for, seconds)


@pytest.fixture(autouse=True)
def no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_started", "_finished", "_running"):
        monkeypatch.setattr(activity, name, type(getattr(activity, name))())


def test_without_a_plan_the_steps_that_were_started_count() -> None:
    board = Board(slots=2)
    activity.start("load")
    activity.start("train")
    board.end("load", "cached")
    counts = board.counts()
    assert counts[:3] == (1, 1, 2)
    assert counts.seconds_left is None


def test_the_time_left_is_that_of_the_plan_on_the_slots() -> None:
    board = Board(slots=2)
    board.plan([planned("load", 5.0), *(planned(f"train fold {n}", 10.0, "load") for n in range(3))])
    assert board.counts().seconds_left == 25
    board.end("load", "completed")
    assert board.counts()[:3] == (1, 0, 4)
    assert board.counts().seconds_left == 20
    assert board.time_is_known


def test_a_step_at_work_tells_of_itself_and_of_those_like_it() -> None:
    board = Board(slots=1)
    board.plan([planned("train fold 0", None), planned("train fold 1", None)])
    assert (board.counts().seconds_left, board.time_is_known) == (None, False)
    with activity.active("train fold 0"):
        activity.report(EpochProgress(1, 4, {}, 1.0, "steps", 30.0))
        counts = board.counts()
        assert counts.seconds_left == pytest.approx(60, abs=2)
        assert counts.bound == "about"


def test_unknown_times_make_the_estimate_the_least() -> None:
    board = Board(slots=1)
    cached = planned("split", 0.0, state="cached")
    board.plan([planned("train", 10.0), planned("report", None, "train"), cached])
    assert (board.counts().seconds_left, board.counts().bound) == (10, "more than")
    assert board.counts().total == 3


def test_the_time_left_of_a_run_with_a_limit_is_that_of_the_limit() -> None:
    counts = Board(slots=1, ends_at=time.monotonic() + 90).counts()
    assert (counts.seconds_left, counts.bound) == (pytest.approx(90, abs=5), "at most")
