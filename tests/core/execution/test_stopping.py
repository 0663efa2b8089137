"""A process that is to end: no step begins, none is waited for, whatever it computes."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.cache.store import Store
from tasks.core.context import Running, assigned, at_work
from tasks.core.execution import child_process, stopping
from tasks.core.execution.cancellation import acquire_or_cancel
from tasks.core.execution.slots import slot
from tasks.core.execution.stopping import Stopped, on_stop, stop, until_stopped
from tests.core.processes import slots_of_processor


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is not to end, though this one is in a test before."""
    monkeypatch.setattr(stopping, "_stopping", threading.Event())
    slots_of_processor(monkeypatch, 1)


def stopped_soon(function: Callable[[], object]) -> float:
    """Stop the process while the function is called in a step; returns after how long the step ended."""
    threading.Timer(0.1, stop).start()
    with pytest.raises(Stopped):
        until_stopped(function)
    assert stopping.is_stopping()
    return time.monotonic()


def test_a_function_gives_its_result_or_raises_in_its_own_context() -> None:
    with assigned(at_work, Running("train", "key", Path())):
        assert until_stopped(lambda: at_work.get().label) == "train"
    with pytest.raises(ZeroDivisionError):
        until_stopped(lambda: 1 / 0)


def test_a_step_that_computes_is_left_behind() -> None:
    going_on = threading.Event()
    stopped_soon(lambda: going_on.wait(30))
    going_on.set()


def wait_for_a_slot() -> None:
    with slot():
        pytest.fail("two hold it")


def wait_for_a_lock() -> None:
    with acquire_or_cancel(Store.current().lock("key"), lambda: None, label="train"):
        pytest.fail("two hold it")


@pytest.mark.parametrize("wait", [wait_for_a_slot, wait_for_a_lock])
def test_a_step_that_waits_gives_up_itself_too(wait: Callable[[], None]) -> None:
    gave_up = threading.Event()

    def step() -> None:
        try:
            wait()
        except Stopped:
            gave_up.set()

    with slot(), Store.current().lock("key"):
        stopped_soon(step)
        assert gave_up.wait(5)


def test_nothing_begins_any_more() -> None:
    stop()
    with pytest.raises(Stopped):
        until_stopped(lambda: pytest.fail("it began"))
    with pytest.raises(Stopped):
        child_process.attend("tests:none", {}, on_line=print)
    with pytest.raises(Stopped), slot():
        pytest.fail("it began")


def test_who_wants_to_know_is_told_once_and_at_once_if_late() -> None:
    told: list[str] = []
    with on_stop(lambda: told.append("left")):
        pass
    with on_stop(lambda: told.append("there")):
        stop()
        stop()
    with on_stop(lambda: told.append("late")):
        assert told == ["there", "late"]
