"""A child elsewhere: all it says and writes comes home, and it lives no longer than it is wanted.

The cluster of these tests is a thread: what Dask and Ray add is tried in `test_clusters.py`.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.keys import canonical
from tasks.core.cache.store import Store
from tasks.core.cluster import client, clusters, compatibility, lease, worker
from tasks.core.cluster.interface import WorkerLost
from tasks.core.config import Run
from tasks.core.context import followed_by
from tasks.core.errors import UserError
from tasks.core.execution.child_messages import EpochProgress
from tasks.core.execution.child_process import ChildFailed
from tasks.core.execution.slots import slot
from tests.core.counting import call, leftovers
from tests.core.processes import is_alive, slots_of_processor, until

PATIENCE = 120
"""Seconds that a busy machine may take to start a child, which an idle one does in half a second."""


class Sent:
    def __init__(self, future: "Future[dict[str, Any]]") -> None:
        self.future = future

    def ended(self, seconds: float) -> bool:
        return bool(wait([self.future], timeout=seconds).done)

    def answer(self) -> dict[str, Any]:
        return self.future.result()

    def cancel(self) -> None:
        self.future.cancel()


class Threads:
    """A cluster in this process; `works` may be replaced by a worker that behaves badly."""

    def __init__(self) -> None:
        self.works: Callable[[dict[str, Any]], dict[str, Any]] = worker.carry_out
        self.orders: list[dict[str, Any]] = []
        self.pool = ThreadPoolExecutor(4)

    def send(self, order: dict[str, Any]) -> Sent:
        self.orders.append(order)
        return Sent(self.pool.submit(self.works, order))

    def close(self) -> None:
        self.pool.shutdown()


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    slots_of_processor(monkeypatch, 1)
    opened = Threads()
    monkeypatch.setattr(clusters, "_open", lambda runner, address: opened)
    monkeypatch.setattr(clusters, "_ending", threading.Event())
    yield opened
    clusters.close_all()


class Epochs(list[EpochProgress]):
    """Epochs of a child, and its process."""

    @property
    def child(self) -> int:
        return int(self[0].figures["process"])


def test_the_result_is_that_of_this_machine_and_each_hits_the_others_cache() -> None:
    here = call("threads")
    assert call("dask").state == "cached"
    store = Store.current()
    store.remove(here.result)
    there = call("dask")
    assert (there.state, there.result) == ("ran", here.result)
    assert call("threads").state == "cached"
    assert leftovers(store.root) == []


def test_what_a_child_tells_reaches_the_log_and_who_follows(caplog: pytest.LogCaptureFixture) -> None:
    epochs = Epochs()
    with caplog.at_level(logging.INFO, "podium"), followed_by(epochs.append):
        call("dask", count=2)
    assert [(progress.epoch, progress.total) for progress in epochs] == [(1, 2), (2, 2)]
    assert caplog.messages[0].startswith("works on ")
    assert caplog.messages[1].startswith("begins at 0")
    assert caplog.messages[2:] == [progress.text() for progress in epochs]


def test_a_mistake_and_the_last_lines_of_a_failure_come_home() -> None:
    with pytest.raises(UserError, match=r"^the numbers are wrong$"):
        call("dask", end="mistake")
    with pytest.raises(ChildFailed) as caught:
        call("dask", end="failure")
    lines = str(caught.value).splitlines()
    assert lines[0] == "count one: its process ended with code 1; last lines:"
    assert "the last words" in lines
    assert lines[-1] == "ValueError: something is wrong in the code"
    assert leftovers(Store.current().root) == []


def test_counts_of_threads_are_those_of_the_flow_and_not_what_a_cluster_sets(
    monkeypatch: pytest.MonkeyPatch, cluster: Threads
) -> None:
    monkeypatch.setenv("PODIUM_WEIGHTS", "somewhere")

    def works(order: dict[str, Any]) -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OMP_NUM_THREADS", "1")
            patch.delenv("PODIUM_WEIGHTS")
            return worker.carry_out(order)

    cluster.works = works
    text = (call("dask").result.path / "result.txt").read_text()
    assert text == "3 counted, {'OMP_NUM_THREADS': None, 'PODIUM_WEIGHTS': 'somewhere'}"


def test_what_a_follower_raises_ends_the_child_and_frees_its_slot() -> None:
    epochs = Epochs()

    def enough(progress: EpochProgress) -> None:
        epochs.append(progress)
        if progress.epoch == 2:
            raise LookupError(progress.text())

    with pytest.raises(LookupError), followed_by(enough):
        call("dask", count=10_000, seconds=0.1)
    assert not is_alive(epochs.child)
    assert leftovers(Store.current().root) == []
    with slot():  # the only one
        pass


def interrupted(caught: list[BaseException], **settings: Any) -> threading.Thread:
    def run() -> None:
        try:
            call("dask", **settings)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_end_of_the_flow_ends_children_and_nothing_begins_any_more() -> None:
    caught: list[BaseException] = []
    thread = interrupted(caught, count=10_000, seconds=0.1)
    store = Store.current()
    count = until(lambda: [*store.root.glob("partial/*/count")], PATIENCE)[0]
    clusters.end()
    thread.join(PATIENCE)
    assert [type(error) for error in caught] == [ChildFailed]
    assert leftovers(store.root) == []
    told = count.read_text()
    time.sleep(0.5)
    assert count.read_text() == told
    with pytest.raises(ChildFailed, match="the run is ending"):
        call("dask", count=5)


def test_a_worker_that_waits_for_a_slot_gives_up_when_it_is_not_wanted(cluster: Threads) -> None:
    caught: list[BaseException] = []
    with slot():
        thread = interrupted(caught)
        until(lambda: [*Store.current().root.glob("temporary/*/begun")], PATIENCE)
        clusters.end()
        thread.join(PATIENCE)
    assert [type(error) for error in caught] == [ChildFailed]
    assert list(Store.current().root.glob("partial/*")) == []


def test_without_its_lease_a_child_ends_though_nobody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the flow's process is killed, or its machine falls asleep."""
    epochs, renew = Epochs(), lease.Order._renew
    monkeypatch.setattr(lease.Order, "_renew", lambda *own: None if epochs else renew(*own))
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.2)
    monkeypatch.setattr(client, "LEASE_SECONDS", 2)
    monkeypatch.setattr(client, "MAX_LOST_WORKERS", 0)
    with pytest.raises(ChildFailed, match="saw no renewal of the lease for 2 s"), followed_by(epochs.append):
        call("dask", count=10_000, seconds=0.1)
    assert not is_alive(epochs.child)
    assert leftovers(Store.current().root) == []


def test_a_lost_worker_costs_no_more_than_what_was_not_noted(
    cluster: Threads, caplog: pytest.LogCaptureFixture
) -> None:
    epochs = Epochs()

    class Dying(Sent):
        def ended(self, seconds: float) -> bool:
            return super().ended(seconds) or any(progress.epoch == 2 for progress in epochs)

        def answer(self) -> dict[str, Any]:
            if not self.future.done():
                raise WorkerLost("killed")
            return super().answer()

    send = cluster.send
    cluster.send = lambda order: (  # type: ignore[method-assign]
        send(order) if cluster.orders else Dying(send(order).future)
    )
    with followed_by(epochs.append):
        outcome = call("dask", count=12, seconds=0.2)
    assert (outcome.result.path / "result.txt").read_text().startswith("12 counted")
    first, second = sorted({progress.figures["began"] for progress in epochs})
    assert first == 0
    assert second >= 2
    assert [record.levelname for record in caplog.records if "another one continues" in record.message]


def test_an_order_is_never_carried_out_twice(cluster: Threads) -> None:
    """Dask gives the order of a lost worker to another by itself; Podium sends a new one."""

    def works(order: dict[str, Any]) -> dict[str, Any]:
        if len(cluster.orders) == 1:
            (Path(order["folder"]) / "begun").touch()
        return worker.carry_out(order)

    cluster.works = works
    assert call("dask").state == "ran"
    assert len(cluster.orders) == 2
    assert cluster.orders[0]["folder"] != cluster.orders[1]["folder"]


def test_workers_that_are_lost_again_and_again_are_a_failure(cluster: Threads) -> None:
    def works(order: dict[str, Any]) -> dict[str, Any]:
        raise WorkerLost("killed")

    cluster.works = works
    with pytest.raises(ChildFailed, match="4 workers were lost, the last: killed"):
        call("dask")
    assert leftovers(Store.current().root) == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("tests.core.counting", "1234", "tests.core.counting"),
        ("numpy", "1.0", r"numpy 1\.0 there \d"),
        ("tasks.more", "1234", "tasks.more"),
    ],
)
def test_a_worker_with_other_code_or_libraries_refuses(
    name: str, value: str, told: str, cluster: Threads
) -> None:
    def works(order: dict[str, Any]) -> dict[str, Any]:
        return worker.carry_out({**order, "identity": {**order["identity"], name: value}})

    cluster.works = works
    with pytest.raises(
        UserError, match=f"must have the flow's code and libraries, but they differ in {told}"
    ):
        call("dask")


def test_a_worker_that_is_older_than_its_code_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    all_digests = compatibility.all_digests

    def edited(names: Any, *, now: bool = False) -> dict[str, str]:
        return {**all_digests(names, now=now), **({"tasks.core.execution.slots": "edited"} if now else {})}

    monkeypatch.setattr(compatibility, "all_digests", edited)
    with pytest.raises(
        UserError, match=r"was started before its code changed \(tasks.core.execution.slots\)"
    ):
        call("dask")


def test_a_machine_that_does_not_see_the_store_says_so(
    cluster: Threads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "VISIBLE_SECONDS", 0.1)
    cluster.works = lambda order: worker.carry_out({**order, "folder": str(tmp_path / "elsewhere")})
    with pytest.raises(UserError, match="PODIUM_STORE must be one folder that all machines see"):
        call("dask")


def test_files_that_are_not_seen_are_not_kept(cluster: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    def works(order: dict[str, Any]) -> dict[str, Any]:
        answer = worker.carry_out(order)
        return {**answer, "written": {**answer["written"], "other": 1}}

    cluster.works = works
    monkeypatch.setattr(client, "VISIBLE_SECONDS", 0.1)
    with pytest.raises(ChildFailed, match=r"expected files .*'other': 1"):
        call("dask")
    assert list(Store.current().records()) == []


def test_an_address_goes_with_a_cluster_only() -> None:
    with pytest.raises(ValueError, match="address: expected only with runner = 'dask' or 'ray'"):
        call("threads", address="head:8786")


def test_an_address_with_a_password_is_refused_without_it() -> None:
    with pytest.raises(ValueError, match=r"received 'tls://u:\*\*\*@head:8786'") as error:
        Run(runner="dask", address="tls://u:hunter2@head:8786")
    assert "hunter2" not in str(error.value).partition("[type=")[0]


def test_where_a_run_works_is_in_no_key() -> None:
    assert canonical(Run(runner="dask", address="head:8786"), "run", Store.current()) == {}
