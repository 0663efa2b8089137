"""A flow in a thread of its own: its result and its errors, and its end on a signal."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from flows.runtime import flow_run
from flows.runtime.flow_run import CurrentRun, in_own_thread, watching_for_cancellation
from tasks.core.execution import stopping

URL = "http://127.0.0.1:4200/api"


class OneRun(CurrentRun):
    """A run as Prefect would have begun it."""

    def __init__(self, *, final: bool = False) -> None:
        super().__init__()
        self._flow_run = SimpleNamespace(id="one", state=SimpleNamespace(is_final=lambda: final))
        self.end = ""

    def note_end(self, end: str) -> None:
        self.end = end


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the server is told at the end of a run that is stopped."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(stopping, "_stopping", threading.Event())
    monkeypatch.setattr(flow_run, "send_to_server", lambda seconds: calls.append(("sent",)))
    monkeypatch.setattr(flow_run, "END_SECONDS", 0.2)
    monkeypatch.setattr(flow_run.run_marks, "end_run", lambda url, run, *, end: calls.append((url, run, end)))
    return calls


@contextmanager
def interrupted() -> Iterator[None]:
    """Within the block, SIGTERM raises KeyboardInterrupt, and it is sent soon."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    timer = threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM])
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(signal.SIGTERM, previous)


def test_what_the_flow_returns_or_raises_is_passed_on(told: list[Any]) -> None:
    assert in_own_thread(lambda: threading.current_thread().name, OneRun(), URL) == "flow"
    with pytest.raises(ZeroDivisionError):
        in_own_thread(lambda: 1 / 0, OneRun(), URL)
    assert told == []


@pytest.mark.parametrize("final", [False, True], ids=["that goes on", "that has ended"])
def test_a_signal_stops_the_run_and_the_server_knows(told: list[Any], final: bool) -> None:
    run, computing = OneRun(final=final), threading.Event()
    with pytest.raises(KeyboardInterrupt), interrupted():
        in_own_thread(lambda: computing.wait(30), run, URL)
    computing.set()
    assert stopping.is_stopping()
    assert run.end == "CANCELLED"
    assert told == [(URL, "one", "CANCELLED"), ("sent",)]


def test_a_stop_of_which_the_main_thread_hears_nothing_ends_the_run_too(told: list[Any]) -> None:
    computing = threading.Event()
    threading.Timer(0.1, stopping.stop).start()
    with pytest.raises(KeyboardInterrupt):
        in_own_thread(lambda: computing.wait(30), OneRun(), URL)
    computing.set()
    assert (URL, "one", "CANCELLED") in told


def test_a_run_that_had_not_begun_is_none_of_the_servers(told: list[Any]) -> None:
    computing = threading.Event()
    with pytest.raises(KeyboardInterrupt), interrupted():
        in_own_thread(lambda: computing.wait(30), CurrentRun(), URL)
    computing.set()
    assert told == [("sent",)]


def test_a_run_that_is_cancelled_in_prefect_gets_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled, messages = [False], list[str]()
    monkeypatch.setattr(flow_run, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(flow_run, "request", lambda url, query: int(cancelled[0]))
    came = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda number, frame: came.set())
    try:
        with watching_for_cancellation(URL, OneRun(), messages.append):
            assert not came.wait(0.1)
            cancelled[0] = True
            assert came.wait(5)
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert messages == ["the run was cancelled in Prefect"]
