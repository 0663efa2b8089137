"""Steps that a run has cancelled: not begun, not waited for, ended, and never stored."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Run
from tasks.core.dispatch import in_child, read_job
from tasks.core.execution import cancellation, child_process
from tasks.core.execution.cancellation import LeftOut, RunControl, controlled_by
from tasks.core.execution.child_messages import EpochProgress, send
from tasks.core.execution.slots import graphics_cards, slot
from tasks.core.jobs import PretrainJob
from tasks.core.step import step


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    graphics_cards.cache_clear()


@pytest.fixture
def control() -> RunControl:
    return RunControl()


@step(label="long {name}")
def long(dataset: Artifact, name: str, run: Run) -> Artifact:
    return in_child(
        f"{__name__}:child",
        "result",
        PretrainJob,
        competition="toy",
        settings=run,
        dataset=[dataset],
        seed=0,
        run=run,
    )


def epoch(number: int, total: int) -> EpochProgress:
    return EpochProgress(number, total, {"loss": 0.0}, 1.0, "steps", 8.0)


def child(job: dict[str, Any]) -> None:
    read = read_job(job, PretrainJob)
    (read.partial / "checkpoint").write_text("weights")
    (read.output / "half").write_text("half")
    send(epoch(1, 9))
    time.sleep(120)


def call(name: str = "one") -> Any:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text("text")
        dataset = store.keep("dataset", folder)
    return long.execute(long.bind(dataset, name, Run()))


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def cancelled_when(true: Callable[[], Any], control: RunControl, label: str = "long one") -> None:
    """Cancel the step in another thread as soon as this is so."""

    def wait() -> None:
        until(true)
        control.cancel([label])

    threading.Thread(target=wait, daemon=True).start()


def test_a_step_at_work_is_ended_and_leaves_its_checkpoints_and_nothing_else(control: RunControl) -> None:
    store = Store.current()
    cancelled_when(lambda: list(store.root.glob("partial/*/checkpoint")), control)
    with controlled_by(control), pytest.raises(LeftOut, match="long one"):
        call()
    assert list(store.records()) == []
    assert sorted(path.name for path in store.root.glob("partial/*/*")) == ["checkpoint", "worked.json"]
    assert {path.name.split("-")[0] for path in (store.root / "artifacts").iterdir()} == {"dataset"}
    with slot():  # it is free again
        assert 0 < control.working_time("long one") < 90


def test_a_cancelled_step_does_not_begin(control: RunControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "run", lambda *arguments, **options: pytest.fail("it began"))
    control.cancel(["long one"])
    with controlled_by(control), pytest.raises(LeftOut):
        call()


def test_a_step_that_waits_for_a_slot_waits_no_longer(control: RunControl) -> None:
    cancelled_when(lambda: list((Store.current().root / "locks").glob("*")), control)
    with slot(), controlled_by(control), pytest.raises(LeftOut):
        call()


def test_a_step_that_waits_for_another_run_waits_no_longer(control: RunControl, tmp_path: Path) -> None:
    store = Store.current()
    held_twice = cancellation.acquire_or_cancel(
        store.lock("key"), lambda: cancellation.raise_if_cancelled("long one"), label="long one"
    )
    cancelled_when(lambda: True, control)
    with store.lock("key"), controlled_by(control), pytest.raises(LeftOut), held_twice:
        pytest.fail("two hold it")


def test_without_a_run_control_nothing_is_cancelled() -> None:
    cancellation.raise_if_cancelled("long one")
    cancellation.record_progress("long one", epoch(1, 9))
    with cancellation.running_child("long one", lambda: pytest.fail("nobody ends it")):
        pass


def test_a_child_that_begins_after_all_is_ended_at_once(control: RunControl) -> None:
    ended = threading.Event()
    control.cancel(["a"])
    with control.running_child("a", ended.set):
        assert ended.is_set()


def test_the_time_left_is_that_of_later_epochs(control: RunControl, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(cancellation.time, "monotonic", lambda: now[0])
    with control.running_child("a", lambda: None):
        for second, number in [(30, 2), (50, 4)]:
            now[0] = second
            assert control.seconds_left("a") is None
            control.record_progress("a", epoch(number, 12))
        assert control.seconds_left("a") == 80
        now[0] = 55
        assert control.seconds_left("a") == 75
        now[0] = 500
        assert control.seconds_left("a") == 0
        assert control.is_running("a")
    assert control.seconds_left("a") is None
    assert control.working_time("a") == 500
    assert not control.is_running("a")
