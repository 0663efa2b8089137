"""Heartbeats of a flow run, from which a server learns that a process has died which could not say so.

Prefect can send them too, but from a thread that sleeps for whole seconds and that the end of each flow waits
for: half a second on average, a fifth of a run in which every step is cached.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context

from prefect.events import emit_event
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    get_current_settings,
    temporary_settings,
)

EVENT = "prefect.flow-run.heartbeat"


@contextmanager
def sent_by_podium() -> Iterator[float | None]:
    """Within the block, Prefect's settings are a copy by which it sends no heartbeats itself.

    Yields the seconds between two heartbeats by the settings before; None: there are to be none.
    """
    seconds = get_current_settings().flows.heartbeat_frequency
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield seconds


@contextmanager
def heartbeats(run: str | None, seconds: float | None) -> Iterator[None]:
    """Within the block, send heartbeats of the flow run with this id: one now, then one in so many seconds.

    Give the block to the flow's body: a heartbeat after the run's final state would say that it goes on. None
    are sent where `run` or `seconds` is None.
    """
    if run is None or seconds is None:
        yield
        return
    ended = threading.Event()

    def send() -> None:
        while True:
            emit_event(EVENT, {"prefect.resource.id": f"prefect.flow-run.{run}"})
            if ended.wait(seconds):
                return

    # The context holds the run's copy of Prefect's settings, and so the server's address.
    thread = threading.Thread(target=copy_context().run, args=(send,), name="heartbeats", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
