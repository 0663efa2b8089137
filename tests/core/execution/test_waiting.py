"""Waits: said after a while with the holders, again later, and never counted as work."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.context import Running, assigned, at_work
from tasks.core.execution import waiting as waits
from tasks.core.execution.cancellation import acquire_or_cancel
from tasks.core.execution.waiting import counting_waits, holder, holder_text, holders_text, since, waiting
from tasks.core.step import step


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time; the first of the list."""
    now = [0.0]
    monkeypatch.setattr(waits.time, "monotonic", lambda: now[0])
    return now


def test_a_wait_is_said_after_a_while_and_again_much_later(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="podium")
    with waiting("a core", lambda since: f"waits{since} for a core") as wait:
        for clock[0] in (5, 10, 20, 309, 310, 400):
            wait.check()
    assert caplog.messages == ["waits for a core", "waits since 5 min for a core"]


def test_a_wait_of_which_there_is_nothing_to_say_is_said_when_there_is(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="podium")
    texts = iter(["", "waits"])
    with waiting("a core", lambda since: next(texts)) as wait:
        for clock[0] in (10, 11):
            wait.check()
    assert caplog.messages == ["waits"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, " since 0 s"), (59.9, " since 59 s"), (180, " since 3 min"), (7500, " since 2 h 5 min")],
)
def test_a_time_is_told_as(seconds: float, text: str) -> None:
    assert since(seconds) == text


def test_waits_count_for_the_step_and_the_one_around_it(clock: list[float]) -> None:
    with counting_waits() as outer:
        with waiting("a core", str):
            clock[0] = 2
        with counting_waits() as inner, waiting("a core", str):
            clock[0] = 5
    assert (outer.seconds, inner.seconds) == (5, 3)
    with waiting("a core", str):
        clock[0] = 9
    assert outer.seconds == 5


@step(label="naps")
def naps() -> Artifact:
    with waiting("a core", str):
        time.sleep(0.3)
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text("text")
        return store.keep("nap", folder)


@step(label="looks", cached=False)
def looks() -> None:
    with waiting("a core", str):
        time.sleep(0.3)


def test_the_records_and_journals_of_steps_know_work_alone() -> None:
    assert naps.execute({}, run="run").seconds < 0.3
    assert looks.execute({}, run="run").seconds < 0.3
    (record,) = Store.current().records()
    assert record["seconds"] < 0.3
    assert all(entry["seconds"] < 0.3 for entry in Store.current().journal("run"))


def test_a_holder_is_told_by_run_process_and_step(tmp_path: Path) -> None:
    with assigned(at_work, Running("train small fold 0", "key", Path())):
        held = holder()
    file = tmp_path / "holder"
    file.write_text(json.dumps({**held, "run": "demo", "since": time.time() - 185}))
    assert holder_text(file, "") == f"run demo, pid {os.getpid()}, train small fold 0, since 3 min"
    earlier: dict[str, Any] = {"pid": 1, "step": "", "since": time.time()}
    file.write_text(json.dumps(earlier))  # of a version without runs
    assert holder_text(file, "") == "pid 1, since 0 s"
    file.write_text("")
    assert holder_text(file, "cpu-0") == holder_text(tmp_path / "none", "cpu-0") == "cpu-0"
    assert holders_text("abcdef") == "a; b; c; d; and 2 more"
    assert holders_text("aab") == "a (2 of them); b"


def test_who_waits_for_the_same_step_of_another_run_says_which(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="podium")
    monkeypatch.setattr(waits, "NOTICE_SECONDS", 0.0)
    checks = iter([False, False, True])

    def give_up() -> None:
        if next(checks):
            raise LookupError

    first = acquire_or_cancel(Store.current().lock("key"), lambda: None, label="train")
    second = acquire_or_cancel(Store.current().lock("key"), give_up, label="train")
    with first, pytest.raises(LookupError), second:
        pytest.fail("two hold it")
    expected = f"waits for train, which another run computes: pid {os.getpid()}, since 0 s"
    assert caplog.messages == [expected]
