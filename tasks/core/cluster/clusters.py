"""Open clusters of this process, Dask's or Ray's. Neither library is imported unless a run uses it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tasks.core.cluster.interface import Cluster, WorkerLost
from tasks.core.cluster.lease import Order

if TYPE_CHECKING:
    from tasks.core.config import Run

ENDING_SECONDS = 3.0
"""How long an interrupted process waits for workers to end their children."""

_opened: dict[tuple[str, str], Cluster] = {}
_opening = threading.Lock()
_active_orders: set[Order] = set()
_ending = threading.Event()


def current(run: "Run") -> Cluster:
    """The cluster of these settings, opened at the first call.

    Raises:
        UserError: its package is not installed, or it does not answer.
        WorkerLost: this process is ending.
    """
    with _opening:
        if is_ending():
            raise WorkerLost("the run is ending")
        address = (run.runner, run.address)
        if address not in _opened:
            _opened[address] = _open(*address)
        return _opened[address]


@contextmanager
def open_for(run: "Run") -> Iterator[None]:
    """Open the cluster of these settings, if any, for this block, so that errors are raised at once."""
    if run.runner == "threads":
        yield
        return
    current(run)
    try:
        yield
    finally:
        close_all()


def close_all() -> None:
    """Close all clusters."""
    with _opening:
        while _opened:
            _, cluster = _opened.popitem()
            with suppress(Exception):  # closing must go on; workers end children without a lease
                cluster.close()


@contextmanager
def active(order: Order) -> Iterator[None]:
    """Keep the order's lease within this block, unless the process ends before."""
    with order.leased():
        _active_orders.add(order)
        try:
            yield
        finally:
            _active_orders.discard(order)


def are_open() -> bool:
    """Whether there is a cluster that `end` would close."""
    return bool(_opened)


def is_ending() -> bool:
    """Whether `end` was called."""
    return _ending.is_set()


def end() -> None:
    """Withdraw all orders, wait a little for their children to end, and close all clusters."""
    _ending.set()
    for order in list(_active_orders):
        with suppress(OSError):
            order.withdraw()
    deadline = time.monotonic() + ENDING_SECONDS
    while _active_orders and time.monotonic() < deadline:
        time.sleep(0.05)
    close_all()


def _open(runner: str, address: str) -> Cluster:
    if runner == "dask":
        from tasks.core.cluster import dask_backend

        return dask_backend.connect(address)
    from tasks.core.cluster import ray_backend

    return ray_backend.connect(address)
