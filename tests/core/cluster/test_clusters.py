"""Dask and Ray on this machine: two workers of their own processes, one of which is killed."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.core.cache.store import Store
from tasks.core.cluster import clusters, dask_backend
from tasks.core.config import Run
from tasks.core.context import followed_by
from tasks.core.errors import UserError
from tasks.core.execution.child_messages import EpochProgress
from tasks.core.execution.slots import slot
from tasks.core.files.temporary import FOLDER
from tests.core.counting import call, leftovers
from tests.core.processes import is_alive, slots_of_processor, until

PATIENCE = 120
"""Seconds that a busy machine may take for what an idle one does in one or two."""


@pytest.fixture(params=["dask", pytest.param("ray", marks=pytest.mark.slow)], scope="module")
def runner(request: pytest.FixtureRequest) -> Iterator[str]:
    """One cluster for all tests, opened by the first that sends something."""
    yield request.param
    clusters.close_all()


@pytest.fixture(autouse=True)
def two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    slots_of_processor(monkeypatch, 2)


class Epochs(list[EpochProgress]):
    """Epochs that children have reported."""

    def begun(self) -> list[tuple[int, int]]:
        """Where each child began, and its process."""
        return list(
            dict.fromkeys((int(each.figures["began"]), int(each.figures["process"])) for each in self)
        )


def test_bytes_are_those_of_this_machine_and_lines_come_home(
    runner: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "podium"):
        there = call(runner)
    told = [record.getMessage() for record in caplog.records if record.name == "podium"]
    assert told[0].startswith("works on ")
    assert [text.partition(":")[0] for text in told[2:]] == ["epoch 1 of 3", "epoch 2 of 3", "epoch 3 of 3"]
    assert (there.state, call("threads").state) == ("ran", "cached")
    Store.current().remove(there.result)
    assert call("threads").result == there.result
    assert call(runner).state == "cached"


def test_a_person_s_mistake_comes_home(runner: str) -> None:
    with pytest.raises(UserError, match=r"^the numbers are wrong$"):
        call(runner, end="mistake")


def begun(work: Callable[[], object], epochs: Epochs) -> threading.Thread:
    """The work in a thread, once it has told of two epochs."""

    def run() -> None:
        with followed_by(epochs.append):
            work()

    thread = threading.Thread(target=run)
    thread.start()
    until(lambda: len(epochs) >= 2, PATIENCE)
    return thread


def test_a_killed_worker_costs_one_interval_at_most(runner: str) -> None:
    epochs, found = Epochs(), []
    thread = begun(lambda: found.append(call(runner, count=40, seconds=0.2)), epochs)
    child = epochs.begun()[0][1]
    parent = psutil.Process(child).parent()
    assert parent is not None
    assert parent.pid != os.getpid()
    noted = epochs[-1].epoch
    parent.send_signal(signal.SIGKILL)
    thread.join(PATIENCE)
    until(lambda: not is_alive(child), PATIENCE)
    (first, _), (second, other) = epochs.begun()
    assert (first, noted <= second < 40, other != child) == (0, True, True)
    assert (found[0].result.path / "result.txt").read_text().startswith("40 counted")
    assert leftovers(Store.current().root) == []


def test_the_end_of_a_run_leaves_nothing(runner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_ending", threading.Event())
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    epochs = Epochs()
    thread = begun(lambda: call(runner, count=10_000, seconds=0.1), epochs)
    child = epochs.begun()[0][1]
    worker = psutil.Process(child).parent()
    clusters.end()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert leftovers(Store.current().root) == []
    until(lambda: not is_alive(child), PATIENCE)
    assert worker is not None
    until(lambda: not is_alive(worker.pid), PATIENCE)
    with slot(), slot():  # both
        pass


# What a person can mend


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_package_is_one_message_with_its_extra(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UserError) as caught:
        clusters.current(Run.model_validate({"runner": name}))
    expected = f"run.runner: '{name}' needs the package {package}; pip install 'podium[{name}]'"
    assert str(caught.value) == expected


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_backend, "CONNECT_SECONDS", 1)
    with pytest.raises(UserError, match=r"run\.address: expected .* received 'tcp://127\.0\.0\.1:9' "):
        clusters.current(Run(runner="dask", address="tcp://127.0.0.1:9"))


def test_workers_of_this_machine_write_where_the_next_command_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dask's own folder among the machine's temporary files would stay for good."""
    import dask
    import distributed

    given: dict[str, str] = {}

    class Local:
        workers: dict[str, Any] = {}

        def __init__(self, **options: Any) -> None:
            given["folder"] = dask.config.get("temporary-directory")

        def close(self, timeout: float) -> None:
            raise TimeoutError

    class Client:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def wait_for_workers(self, *_: Any, **__: Any) -> None: ...

        def close(self, timeout: float) -> None: ...

    monkeypatch.setattr(distributed, "Client", Client)
    monkeypatch.setattr(distributed, "LocalCluster", Local)
    cluster = dask_backend.connect("")
    folder = Path(given["folder"])
    assert folder.is_dir()
    assert FOLDER.fullmatch(folder.name)
    with pytest.raises(TimeoutError):
        cluster.close()
    assert not folder.exists()
