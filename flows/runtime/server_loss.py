"""Run a flow to its end, also when the Prefect server that records it is lost on the way.

Steps and trainings do not need the server. But Prefect's client retries each of its last calls for a minute,
and then fails a flow whose work is done.

Only one thing here is not Prefect's public interface: while the server is lost, `client.max_retries` is set
to 0 in the run's own copy of Prefect's settings. `temporary_settings` makes the copy, in `sent_by_podium`,
but its changes reach no thread that has already started, and reports are published from such threads.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple

from prefect import Flow
from prefect.settings import get_current_settings
from prefect.states import Cancelled
from pydantic_core import to_jsonable_python

from flows.runtime import temporary_server
from flows.runtime.flow_run import CurrentRun, in_own_thread, watching_for_cancellation
from flows.runtime.heartbeats import heartbeats, sent_by_podium
from flows.runtime.local_server import Inform
from flows.runtime.prefect_api import is_there
from flows.runtime.prefect_profile import page_of
from flows.runtime.run_labels import show_score, tagged
from flows.runtime.run_marks import STOPPED, new_version, settle
from tasks.core.execution import stopping
from tasks.core.masking import masked

PROBE_SECONDS = 5.0
LOST_SECONDS = 15.0
"""A server that does not answer for this long is lost; most machines restart one in less time."""
REPEATING_LOGGERS = ("prefect.events.clients", "prefect._internal.concurrency", "prefect.flow_runs")
"""Loggers that write a line for each message the server did not receive, and for the flow that then fails."""


class FlowOutcome(NamedTuple):
    """What a flow returned, and whether the server recorded it."""

    result: Any
    recorded: bool

    def exit_if_unrecorded(self) -> None:
        """End the process if the server is lost: Prefect would retry for minutes to send the rest."""
        if not self.recorded:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)


def run_flow(
    flow: Any,
    *arguments: Any,
    name: str,
    tags: Sequence[str] = (),
    runner: Any = None,
    url: str | None,
    inform: Inform,
) -> FlowOutcome:
    """Run the flow; the outcome is what its body returns or raises, whether or not the server records it.

    `runner` is Prefect's task runner, by default that of the flow; `url` is that of the server's API, or None
    where Prefect chooses one, which is not monitored. A temporary server of this process is started. The UI
    shows the tags, and in the end the score.

    Raises:
        KeyboardInterrupt: the run was stopped by a signal, or cancelled in Prefect.
    """
    version = new_version(flow.version)
    results, failures, current = list[Any](), list[Exception](), CurrentRun(version)

    @wraps(flow.fn)
    def body(*arguments: Any, **keywords: Any) -> Any:
        current.begin()
        try:
            with heartbeats(current.id, heartbeat_seconds):
                results.append(flow.fn(*arguments, **keywords))
        except Exception as error:
            if stopping.is_stopping():
                return Cancelled(message=STOPPED)
            failures.append(error)
            raise
        current.note_end("COMPLETED")
        if monitor is not None and not monitor.silent:
            show_score(name, results[0])
        return results[0]

    _start_if_temporary(url, inform)
    run = flow_for_run(flow, body, name=name, runner=runner or flow.task_runner, version=version)
    with (
        sent_by_podium() as heartbeat_seconds,
        monitored(url, inform) as monitor,
        watching_for_cancellation(url, current, inform),
        tagged(tags),
    ):
        try:
            outcome = FlowOutcome(in_own_thread(lambda: run(*arguments), current, url), recorded=True)
        except Exception as error:
            if error in failures:
                current.has_failed(url)
            if failures:
                raise failures[0] from None
            if not results:
                raise
            inform(_unrecorded_message(monitor, error))
            return FlowOutcome(results[0], recorded=False)
        current.close()
        return outcome


def _start_if_temporary(url: str | None, inform: Inform) -> None:
    if url is not None and temporary_server.is_reserved(url):
        temporary_server.start(url, inform)
        settle(url)


class _PydanticFlow(Flow[..., Any]):
    """A flow whose parameters pydantic writes as JSON; Prefect would import FastAPI, for the same result."""

    def serialize_parameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = to_jsonable_python(parameters, serialize_unknown=True)
        return written


def flow_for_run(
    flow: Any, body: Callable[..., Any], *, name: str, runner: Any, version: str | None = None
) -> Flow[..., Any]:
    """A flow like this one with another body, run name and task runner, and perhaps another version."""
    return _PydanticFlow(
        body,
        name=flow.name,
        version=version or flow.version,
        description=flow.description,
        validate_parameters=flow.should_validate_parameters,
        flow_run_name=name,
        task_runner=runner,
    )


def _unrecorded_message(monitor: "ServerMonitor | None", error: Exception) -> str:
    if monitor is None or not monitor.silent:
        return f"Prefect could not record the end of this run ({masked(error)}); its results are complete"
    return (
        f"the Prefect server was lost at {monitor.last_answer:%H:%M:%S}: its pages show this run as "
        "unfinished or crashed, without the later steps, logs and reports; results and cache are complete"
    )


class ServerMonitor:
    """Probes whether the server answers; while it is lost, Prefect's client does not retry.

    Create it inside `temporary_settings`, whose copy of Prefect's settings it changes.
    """

    def __init__(self, url: str, inform: Inform) -> None:
        self.last_answer = datetime.now()
        self.silent = False
        """Whether the last probe was not answered."""
        self.lost = False
        self._url, self._inform = url, inform
        self._last_answer_seconds = time.monotonic()
        self._client = get_current_settings().client  # shared by the run's threads, read before each attempt
        self._retries = self._client.max_retries

    def probe(self) -> None:
        """Probe the server once; inform the user when it is lost and when it answers again."""
        self.silent = not is_there(self._url)
        logging.raiseExceptions = not self.silent  # else each log record that is not sent prints an error
        if not self.silent:
            self.last_answer, self._last_answer_seconds = datetime.now(), time.monotonic()
        lost = time.monotonic() - self._last_answer_seconds > LOST_SECONDS
        if lost != self.lost:
            self.lost, self._client.max_retries = lost, 0 if lost else self._retries
            page = page_of(masked(self._url))
            self._inform(
                f"the Prefect server at {page} "
                + ("no longer answers; the run continues without it" if lost else "answers again")
            )

    def filter(self, record: logging.LogRecord) -> bool:
        """As a logging filter: drop Prefect's repeated complaints while the server is silent."""
        return not self.silent


@contextmanager
def monitored(url: str | None, inform: Inform) -> Iterator["ServerMonitor | None"]:
    """Monitor the server from a thread within the block; one that Prefect chooses (`url` None) is not.

    Create it inside `temporary_settings`, for a `ServerMonitor`.
    """
    if url is None:
        yield None
        return
    monitor, ended = ServerMonitor(url, inform), threading.Event()
    for name in REPEATING_LOGGERS:
        logging.getLogger(name).addFilter(monitor)

    def probe() -> None:
        while not ended.wait(PROBE_SECONDS):
            monitor.probe()

    threading.Thread(target=probe, daemon=True).start()
    try:
        yield monitor
    finally:
        ended.set()
        if not monitor.silent:
            for name in REPEATING_LOGGERS:
                logging.getLogger(name).removeFilter(monitor)
