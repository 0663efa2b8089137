"""What steps do now: at work, waiting, inside each other, ended; and how far they are."""

from contextvars import copy_context
from threading import Thread

import pytest

from tasks.core.execution import activity
from tasks.core.execution.child_messages import RecordProgress

PROGRESS = RecordProgress(1, 2, "x", 1.0, 1.0)


def labels() -> list[str]:
    return [each.label for each in activity.running()]


def test_a_step_is_at_work_until_it_ends() -> None:
    with activity.active("load"):
        assert "load" in labels()
        activity.report(RecordProgress(1, 4, "photographs", 2.0, 30.0))
        (now,) = [each for each in activity.running() if each.label == "load"]
        assert now.progress is not None
        assert now.progress.done == 1
        assert now.seconds_left is not None
        assert 29 < now.seconds_left <= 30
    assert "load" not in labels()
    ended = activity.finished("load")
    assert ended is not None
    assert ended.progress == now.progress


def test_waiting_is_no_work() -> None:
    with activity.active("train"):
        with activity.waiting("a core"), activity.waiting("another run"):
            (now,) = [each for each in activity.running() if each.label == "train"]
            entry = activity._current.get()
            assert entry is not None
            entry.began -= 100  # as if it had begun, and waited, a long time ago
            entry.waits = "a core", entry.began
        (after,) = [each for each in activity.running() if each.label == "train"]
    assert (now.waits_for, after.waits_for) == ("a core", "")
    assert now.worked_seconds < 50
    assert after.worked_seconds < 50


def test_a_step_inside_another_is_shown_in_its_place() -> None:
    with activity.active("trial 3"):
        with activity.active("train small fold 0"):
            assert "trial 3" not in labels()
            assert "trial 3: train small fold 0" in labels()
        assert "trial 3" in labels()


def test_threads_have_their_own_steps() -> None:
    with activity.active("one"):
        thread = Thread(target=lambda: activity.report(PROGRESS))
        thread.start()
        thread.join()
        (now,) = [each for each in activity.running() if each.label == "one"]
        assert now.progress is None  # without the context there is no step to report for
        copied = Thread(target=copy_context().run, args=(activity.report, PROGRESS))
        copied.start()
        copied.join()
        (now,) = [each for each in activity.running() if each.label == "one"]
        assert now.progress is not None


def test_outside_of_steps_nothing_is_noted() -> None:
    before = labels()
    with activity.waiting("a core"):
        assert activity.report(PROGRESS)
    assert labels() == before


def test_what_a_child_loads_is_shown_and_new_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "_loaded", set())
    with activity.active("train"):
        assert activity.load("Keras")
        (now,) = [each for each in activity.running() if each.label == "train"]
        assert now.loads == "Keras"
        assert not activity.load("")
        assert not activity.load("Keras")
