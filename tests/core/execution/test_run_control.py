"""Steps that a run has no time for: not begun, not waited for, ended, and never kept."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Run
from tasks.core.dispatch import in_child, read_job
from tasks.core.execution import child_process, run_control
from tasks.core.execution.messages import tell
from tasks.core.execution.run_control import LeftOut, Watch, watched_by
from tasks.core.execution.slots import graphics_cards, slot
from tasks.core.step import step


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PODIUM_SLOTS", "1")
    graphics_cards.cache_clear()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@step(label="long {name}")
def long(dataset: Artifact, name: str, run: Run) -> Artifact:
    return in_child(
        f"{__name__}:child", "result", competition="toy", settings=run, dataset=dataset, seed=0, run=run
    )


def child(job: dict[str, Any]) -> None:
    read = read_job(job)
    (read.partial / "checkpoint").write_text("weights")
    (read.output / "half").write_text("half")
    tell("epoch 1 of 9: loss 0")
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


def refused_when(true: Callable[[], Any], watch: Watch, label: str = "long one") -> None:
    """Refuse the step in another thread as soon as this is so."""

    def wait() -> None:
        until(true)
        watch.refuse([label])

    threading.Thread(target=wait, daemon=True).start()


def test_a_step_at_work_is_ended_and_leaves_its_checkpoints_and_nothing_else(watch: Watch) -> None:
    store = Store.current()
    refused_when(lambda: list(store.root.glob("partial/*/checkpoint")), watch)
    with watched_by(watch), pytest.raises(LeftOut, match="long one"):
        call()
    assert list(store.records()) == []
    assert sorted(path.name for path in store.root.glob("partial/*/*")) == ["checkpoint", "worked.json"]
    assert {path.name.split("-")[0] for path in (store.root / "artifacts").iterdir()} == {"dataset"}
    with slot():  # it is free again
        assert 0 < watch.worked("long one") < 90


def test_a_step_that_is_refused_does_not_begin(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "run", lambda *arguments, **options: pytest.fail("it began"))
    watch.refuse(["long one"])
    with watched_by(watch), pytest.raises(LeftOut):
        call()


def test_a_step_that_waits_for_a_slot_waits_no_longer(watch: Watch) -> None:
    refused_when(lambda: list((Store.current().root / "locks").glob("*")), watch)
    with slot(), watched_by(watch), pytest.raises(LeftOut):
        call()


def test_a_step_that_waits_for_another_run_waits_no_longer(watch: Watch, tmp_path: Path) -> None:
    store = Store.current()
    held_twice = run_control.held(store.lock("key"), lambda: run_control.insist("long one"))
    refused_when(lambda: True, watch)
    with store.lock("key"), watched_by(watch), pytest.raises(LeftOut), held_twice:
        pytest.fail("two hold it")


def test_without_a_watch_nothing_is_refused() -> None:
    run_control.insist("long one")
    run_control.told("long one", "epoch 1 of 9: loss 0")
    with run_control.over("long one", lambda: pytest.fail("nobody ends it")):
        pass


def test_a_child_that_begins_after_all_is_ended_at_once(watch: Watch) -> None:
    ended = threading.Event()
    watch.refuse(["a"])
    with watch.over("a", ended.set):
        assert ended.is_set()


def test_the_pace_of_epochs_tells_what_is_left(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(run_control.time, "monotonic", lambda: now[0])
    with watch.over("a", lambda: None):
        for second, text in [(30, "epoch 2 of 12: loss 1"), (31, "loads"), (50, "epoch 4 of 12: loss 1")]:
            now[0] = second
            assert watch.left("a") is None
            watch.told("a", text)
        assert watch.left("a") == 80
        now[0] = 55
        assert watch.left("a") == 75
        now[0] = 500
        assert watch.left("a") == 0
        assert watch.is_at_work("a")
    assert watch.left("a") is None
    assert watch.worked("a") == 500
    assert not watch.is_at_work("a")
