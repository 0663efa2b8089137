"""A step's long part on a worker of a cluster, as seen from the flow's process, which keeps all else:
the key and its lock, the log, the retries, and the artifact."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.core.cache.store import Artifact, Store
from tasks.core.cluster import clusters, compatibility
from tasks.core.cluster.clusters import Lost, Sent
from tasks.core.cluster.lease import LEASE_SECONDS, Order, sizes
from tasks.core.config import Run
from tasks.core.context import Running
from tasks.core.errors import UserError
from tasks.core.execution import run_control
from tasks.core.execution.child_process import ChildFailed, Exit, Listener

POLL_SECONDS = 0.5
MOST_LOSSES = 3
"""Workers that one child may lose, a checkpoint interval each; one more, and it may be what kills them."""
WITHDRAWAL_SECONDS = 5.0
"""A worker has so long to tell that a child that is not wanted has ended."""
SIGHT_SECONDS = 90.0
"""Files of another machine may take so long to be seen: network file systems remember listings a minute."""

log = logging.getLogger("podium")


def kept(
    function: str,
    job: Callable[[Path], dict[str, Any]],
    *,
    kind: str,
    store: Store,
    step: Running,
    run: Run,
) -> Artifact:
    """Call `module:function` on a worker and keep what it writes; `job` makes the job for an output folder.

    Raises:
        UserError: the child, or the worker, met something a person can mend.
        ChildFailed: the child failed, or its workers were lost again and again.
        LeftOut: the run has no time for the step any more.
    """
    losses = 0
    while True:
        run_control.raise_if_cancelled(step.label)
        if clusters.is_ending():
            raise ChildFailed(f"{step.label}: not begun, for the run is ending")
        with store.new_folder() as folder:
            order = Order(folder)
            try:
                _carry_out(order, function, job(order.output), store=store, step=step, run=run)
                return store.keep(kind, order.output)
            except Lost as loss:
                losses += 1
                if losses > MOST_LOSSES:
                    raise ChildFailed(f"{step.label}: {losses} workers were lost, the last: {loss}") from None
                log.warning("%s: its worker was lost (%s); it goes on on another", step.label, loss)


def _carry_out(
    order: Order, function: str, job: dict[str, Any], *, store: Store, step: Running, run: Run
) -> None:
    """Send an order out, pass on what its child says, and return once all it wrote is in sight."""
    told = {
        "function": function,
        "job": job,
        "competition": job["competition"],
        "folder": str(order.folder),
        "store": str(store.root),
        "lock": f"{step.key}.child",
        "lease_seconds": LEASE_SECONDS,
        "timeout_seconds": run.timeout_seconds,
        "environment": compatibility.environment(),
        "identity": compatibility.identity(function, job["competition"]),
    }
    listener = Listener(step.label)
    cluster = clusters.current(run)
    with clusters.upholding(order), run_control.running_child(step.label, order.withdraw):
        sent = cluster.send(told)
        try:
            while not sent.ended(POLL_SECONDS):
                _listen(order, listener)
                _refuse_to_wait_when_ending(order, step.label)
            answer = sent.answer()
        except BaseException:
            _take_back(order, sent)
            raise
        _listen(order, listener)
    listener.raise_if_failed(_understood(answer, order, step.label))
    _wait_for_sight(order.output, answer["written"])


def _listen(order: Order, listener: Listener) -> None:
    for line in order.new_lines():
        listener.receive(line)


def _refuse_to_wait_when_ending(order: Order, label: str) -> None:
    run_control.raise_if_cancelled(label)
    if clusters.is_ending() or order.withdrawn:
        raise ChildFailed(f"{label}: ended with the run")


def _take_back(order: Order, sent: Sent) -> None:
    """Withdraw, and wait until the worker has ended the child."""
    order.withdraw()
    deadline = time.monotonic() + WITHDRAWAL_SECONDS
    try:
        if not order.begun:
            sent.cancel()
        while order.begun and not order.ended and time.monotonic() < deadline:
            if sent.ended(0.1):
                return
    except Exception as error:  # of a cluster that is gone; the child ends without its lease
        log.debug("the cluster did not answer: %s", error)


def _understood(answer: dict[str, Any], order: Order, label: str) -> Exit:
    if "refused" in answer:
        raise UserError(f"{label}: {answer['refused']}")
    if "unseen" in answer:
        raise UserError(
            f"{label}: the machine {answer['unseen']} does not see {order.folder}; "
            "PODIUM_STORE must be one folder that all machines see under one name"
        )
    if "taken" in answer:
        raise Lost("another was asked to begin again")
    if "unwanted" in answer:
        raise Lost(f"{answer['unwanted']} heard nothing from here for {LEASE_SECONDS:.0f} s")
    return Exit(*answer["ended"])


def _wait_for_sight(folder: Path, written: dict[str, int]) -> None:
    """Return when this machine sees what the other has written.

    Raises:
        ChildFailed: it does not.
    """
    deadline = time.monotonic() + SIGHT_SECONDS
    while (seen := sizes(folder)) != written:
        if time.monotonic() > deadline:
            raise ChildFailed(f"{folder}: expected files {written}, received {seen}")
        time.sleep(POLL_SECONDS)
