"""Run a step's child process on a worker of a cluster, from the flow's process.

Everything else stays in the flow's process: the key and its lock, the log, the retries, and the artifact.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.core.cache.store import Artifact, Store
from tasks.core.cluster import clusters, compatibility
from tasks.core.cluster.interface import SentOrder, WorkerLost
from tasks.core.cluster.lease import LEASE_SECONDS, Order, sizes
from tasks.core.config import Run
from tasks.core.context import Running
from tasks.core.errors import UserError
from tasks.core.execution import cancellation, stopping
from tasks.core.execution.child_process import ChildFailed, Exit, Listener
from tasks.core.execution.slots import Need
from tasks.core.execution.waiting import waiting
from tasks.core.execution.working_time import add_working_time

POLL_SECONDS = 0.5
MAX_LOST_WORKERS = 3
"""Workers that a child may lose, a checkpoint interval each; after one more it is taken to be the cause."""
WITHDRAWAL_SECONDS = 5.0
"""How long to wait for a worker to end a child whose order was withdrawn."""
VISIBLE_SECONDS = 90.0
"""How long files of another machine may take to appear: network file systems cache listings for a minute."""

log = logging.getLogger("podium")


def run_on_worker(
    function: str,
    job: Callable[[Path], dict[str, Any]],
    *,
    kind: str,
    store: Store,
    step: Running,
    run: Run,
    need: Need = "card",
) -> Artifact:
    """Call `module:function` on a worker and store what it writes; `job` makes the job for an output folder.

    Raises:
        UserError: the child or the worker met an error that the user can correct.
        ChildFailed: the child failed, or more than `MAX_LOST_WORKERS` workers were lost.
        LeftOut: the run has cancelled the step.
    """
    lost_workers = 0
    while True:
        cancellation.raise_if_cancelled(step.label)
        if clusters.is_ending():
            raise ChildFailed(f"{step.label}: not started, because the run is ending")
        with store.new_folder() as folder:
            order = Order(folder)
            try:
                _carry_out(order, function, job(order.output), store=store, step=step, run=run, need=need)
                return store.keep(kind, order.output)
            except WorkerLost as loss:
                lost_workers += 1
                if lost_workers > MAX_LOST_WORKERS:
                    raise ChildFailed(
                        f"{step.label}: {lost_workers} workers were lost, the last: {loss}"
                    ) from None
                log.warning("%s: its worker was lost (%s); another one continues", step.label, loss)


def _carry_out(
    order: Order, function: str, job: dict[str, Any], *, store: Store, step: Running, run: Run, need: Need
) -> None:
    """Send an order, log its child's messages, and return once all files of the child are visible here."""
    message = {
        "function": function,
        "job": job,
        "competition": job["competition"],
        "folder": str(order.folder),
        "store": str(store.root),
        "lock": f"{step.key}.child",
        "lease_seconds": LEASE_SECONDS,
        "timeout_seconds": run.timeout_seconds,
        "need": need,
        "environment": compatibility.environment(),
        "identity": compatibility.identity(function, job["competition"]),
    }
    listener = Listener(step.label)
    cluster = clusters.current(run)
    with clusters.active(order), cancellation.running_child(step.label, order.withdraw):
        sent = cluster.send(message)
        try:
            _wait_for_worker(order, sent, listener, step.label, run)
            with add_working_time(step.partial):
                while not sent.ended(POLL_SECONDS):
                    _listen(order, listener)
                    _raise_if_ending(order, step.label)
            answer = sent.answer()
        except BaseException:
            _withdraw(order, sent)
            raise
        _listen(order, listener)
    listener.raise_if_failed(_exit_of(answer, order, step.label))
    _wait_for_files(order.output, answer["written"])


def _wait_for_worker(order: Order, sent: SentOrder, listener: Listener, label: str, run: Run) -> None:
    """Wait until a worker has a slot for the order and says so, or has ended it."""
    cluster = f"{run.runner} cluster{f' at {run.address}' if run.address else ''}"
    text = f"a slot of a worker of the {cluster}"
    with waiting("a worker", lambda since: f"waits{since} for {text}") as wait:
        while not _listen(order, listener) and not sent.ended(POLL_SECONDS):
            _raise_if_ending(order, label)
            wait.check()
    cancellation.begin_work(label)


def _listen(order: Order, listener: Listener) -> bool:
    """Pass on what the child has said since the last time; whether there was anything."""
    lines = list(order.new_lines())
    for line in lines:
        listener.receive(line)
    return bool(lines)


def _raise_if_ending(order: Order, label: str) -> None:
    stopping.raise_if_stopping()
    cancellation.raise_if_cancelled(label)
    if clusters.is_ending() or order.withdrawn:
        raise ChildFailed(f"{label}: ended with the run")


def _withdraw(order: Order, sent: SentOrder) -> None:
    """Withdraw the order and wait until the worker has ended the child."""
    order.withdraw()
    deadline = time.monotonic() + WITHDRAWAL_SECONDS
    try:
        if not order.begun:
            sent.cancel()
        while order.begun and not order.ended and time.monotonic() < deadline:
            if sent.ended(0.1):
                return
    except Exception as error:  # the cluster is gone; the child ends without its lease
        log.debug("the cluster did not answer: %s", error)


def _exit_of(answer: dict[str, Any], order: Order, label: str) -> Exit:
    """How the child ended, by the worker's answer.

    Raises:
        UserError: the worker refuses the order or does not see its folder.
        WorkerLost: another worker has the order, or the worker saw no lease.
    """
    if "refused" in answer:
        raise UserError(f"{label}: {answer['refused']}")
    if "unseen" in answer:
        raise UserError(
            f"{label}: the machine {answer['unseen']} does not see {order.folder}; "
            "PODIUM_STORE must be one folder that all machines see under one name"
        )
    if "taken" in answer:
        raise WorkerLost("the cluster gave its order to another worker again")
    if "lease_ended" in answer:
        raise WorkerLost(f"{answer['lease_ended']} saw no renewal of the lease for {LEASE_SECONDS:.0f} s")
    return Exit(*answer["ended"])


def _wait_for_files(folder: Path, written: dict[str, int]) -> None:
    """Wait to see the files that the other machine wrote; raises ChildFailed after `VISIBLE_SECONDS`."""
    deadline = time.monotonic() + VISIBLE_SECONDS
    while (seen := sizes(folder)) != written:
        if time.monotonic() > deadline:
            raise ChildFailed(f"{folder}: expected files {written}, received {seen}")
        time.sleep(POLL_SECONDS)
