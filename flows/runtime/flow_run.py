"""Run a flow of this process so that it can be stopped: by a signal, and from Prefect's pages.

The flow runs in a thread of its own, and the main thread only waits. So a signal interrupts no code of
Prefect's or of the flow's, and Prefect, which handles signals in main threads only, takes none for a crash.
On a signal all steps end (`tasks.core.execution.stopping`), the flow ends as *Cancelled*, and this process
waits until the server knows it, but not long: what it does not know then is settled by the next command.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flows.runtime import run_marks
from flows.runtime.local_server import Inform
from flows.runtime.prefect_api import request
from tasks.core.execution import stopping

END_SECONDS = 0.7
"""How long a stopped flow may take to end by itself."""
SEND_SECONDS = 0.4
"""How long its last states and logs may take to reach the server."""
WATCH_SECONDS = 0.5
"""How often the server is asked whether the run was cancelled there."""


class CurrentRun:
    """The run of a flow, from when its body begins: the first that Prefect and its mark know of it."""

    def __init__(self, version: str | None = None) -> None:
        """Mark that a run with this flow version is about to start, if one is given."""
        self._flow_run: Any = None
        self._mark = run_marks.mark_run(version) if version else None

    @property
    def id(self) -> str | None:
        """Prefect's id of the run; None before it has begun, and where Prefect does not run it."""
        return str(self._flow_run.id) if self._flow_run else None

    @property
    def has_ended(self) -> bool:
        """Whether Prefect has a final state of the run."""
        return bool(self._flow_run and self._flow_run.state and self._flow_run.state.is_final())

    def begin(self) -> None:
        """Note the run that this thread is in, and mark it."""
        from prefect.context import FlowRunContext

        context = FlowRunContext.get()
        self._flow_run = context.flow_run if context else None
        starting, self._mark = self._mark, run_marks.mark_run(self.id) if self.id else None
        if starting:
            starting.close()

    def note_end(self, end: str) -> None:
        """Note how the run ends (of `run_marks.MESSAGES`), for whoever tells the server if this cannot."""
        if self._mark:
            with suppress(OSError):
                self._mark.note_end(end)

    def close(self) -> None:
        """Delete the run's mark, as it has ended and the server was told."""
        if self._mark:
            self._mark.close()
            self._mark = None

    def has_failed(self, url: str | None) -> None:
        """Let the server know that the steps of this run, which has failed, go on no more.

        The mark stays, for what the server records later.
        """
        self.note_end("FAILED")
        if url is not None and self.id is not None:
            with suppress(OSError, ValueError):
                run_marks.end_run(url, self.id, end="FAILED")


def in_own_thread(function: Callable[[], Any], run: CurrentRun, url: str | None) -> Any:
    """What the function returns or raises, in a thread of its own, which runs the flow of `run`.

    Raises:
        KeyboardInterrupt: a signal came; the server knows that the run was cancelled, if it answered in time.
    """
    call = stopping.Call(function, name="flow")
    try:
        call.wait()  # also for a signal that has come to another thread than this one
    except KeyboardInterrupt:
        stopping.stop()
    if stopping.is_stopping() and not call.has_returned:
        _record_stop(run, url, call.thread)
        raise KeyboardInterrupt
    return call.result()


def _record_stop(run: CurrentRun, url: str | None, flow: threading.Thread) -> None:
    """Let the server know that the run was stopped, in little time."""
    run.note_end("CANCELLED")
    deadline = time.monotonic() + END_SECONDS
    while flow.is_alive() and not run.has_ended and time.monotonic() < deadline:
        time.sleep(0.02)
    if url is not None and run.id is not None:
        with suppress(OSError, ValueError):
            run_marks.end_run(url, run.id, end="CANCELLED")
    send_to_server(SEND_SECONDS)  # last: states that come late do not replace newer ones


def send_to_server(seconds: float) -> None:
    """Send the states and logs that Prefect has queued, and wait for it this long at most."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=seconds)
    APILogWorker.drain_all(timeout=seconds)


@contextmanager
def watching_for_cancellation(url: str | None, run: CurrentRun, inform: Inform) -> Iterator[None]:
    """Within the block, stop this process as on SIGTERM when its run is cancelled in Prefect's pages."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(WATCH_SECONDS):
            if url is not None and run.id is not None and not run.has_ended and _is_cancelled(url, run.id):
                inform("the run was cancelled in Prefect")
                os.kill(os.getpid(), signal.SIGTERM)
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _is_cancelled(url: str, run: str) -> bool:
    cancelled = {"type": {"any_": ["CANCELLING", "CANCELLED"]}}
    try:
        return bool(
            request(f"{url}/flow_runs/count", {"flow_runs": {"id": {"any_": [run]}, "state": cancelled}})
        )
    except (OSError, ValueError):
        return False
