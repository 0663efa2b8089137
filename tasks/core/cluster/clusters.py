"""Clusters whose workers start children: Dask's or Ray's. Neither is imported unless a run asks for it.

A cluster only finds a free worker and notices when one is lost. What the child says, what it writes and
whether it is still wanted go through the store (`tasks.core.cluster.lease`).
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from tasks.core.cluster.lease import Order

if TYPE_CHECKING:
    from tasks.core.config import Run

ENDING_SECONDS = 3.0
"""An interrupted process waits so long for workers to end their children."""


class Lost(Exception):
    """The worker of an order is gone; the message says what the cluster knows of it."""


class Sent(Protocol):
    """An order on its way to a worker, or at work there."""

    def ended(self, seconds: float) -> bool:
        """Wait at most so long; whether there is an answer, or the worker is lost."""

    def answer(self) -> dict[str, Any]:
        """What `tasks.core.cluster.worker.carry_out` has returned.

        Raises:
            Lost: the worker is.
            UserError: the worker cannot read the order.
        """

    def cancel(self) -> None:
        """Take an order back that no worker has begun."""


class Cluster(Protocol):
    """An open connection, for all threads of this process."""

    def send(self, order: dict[str, Any]) -> Sent:
        """Have a free worker carry the order out."""

    def close(self) -> None:
        """Let go of it; a cluster that this run has started ends. May be called twice."""


_opened: dict[tuple[str, str], Cluster] = {}
_opening = threading.Lock()
_upheld: set[Order] = set()
_ending = threading.Event()


def current(run: "Run") -> Cluster:
    """The cluster of these settings, opened at the first call.

    Raises:
        UserError: its package is not installed, or it does not answer.
        Lost: this process was told to end.
    """
    with _opening:
        if is_ending():
            raise Lost("the run is ending")
        place = (run.runner, run.address)
        if place not in _opened:
            _opened[place] = _open(*place)
        return _opened[place]


@contextmanager
def open_for(run: "Run") -> Iterator[None]:
    """Within this block the cluster of these settings, if any, is open; what is wrong shows at once."""
    if run.runner == "threads":
        yield
        return
    current(run)
    try:
        yield
    finally:
        close_all()


def close_all() -> None:
    """Let go of all clusters."""
    with _opening:
        while _opened:
            _, cluster = _opened.popitem()
            with suppress(Exception):  # the way out must not stop here; workers end what has no lease
                cluster.close()


@contextmanager
def upholding(order: Order) -> Iterator[None]:
    """Within this block the order stands, unless the process is told to end."""
    with order.upheld():
        _upheld.add(order)
        try:
            yield
        finally:
            _upheld.discard(order)


def is_ending() -> bool:
    """Whether this process was told to end."""
    return _ending.is_set()


def end() -> None:
    """This process was told to end: withdraw all orders, wait a little for their children's ends, close."""
    _ending.set()
    for order in list(_upheld):
        with suppress(OSError):
            order.withdraw()
    deadline = time.monotonic() + ENDING_SECONDS
    while _upheld and time.monotonic() < deadline:
        time.sleep(0.05)
    close_all()


def _open(runner: str, address: str) -> Cluster:
    if runner == "dask":
        from tasks.core.cluster import dask_backend

        return dask_backend.opened(address)
    from tasks.core.cluster import ray_backend

    return ray_backend.opened(address)
