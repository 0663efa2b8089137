"""The flows as deployments run them: `flows.scheduling.entrypoint.dogs` is the entry point for dogs.

Compared with the flow itself, a deployment's run makes the checks of `podium run`, is skipped while an
earlier run of its deployment is still running, ends its child processes when it is cancelled, reports in
its last message what changed, and notifies a command.

Prefect's own concurrency limit for deployments is not used: its leases end a training when the server is down
for minutes, and keep a slot for minutes after a run is killed. A locked file does neither.
"""

import functools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from filelock import Timeout
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.runtime import deployment
from prefect.states import Cancelled, Completed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.console import show_logs
from flows.humanize import score_text
from flows.prediction.flow import prediction
from flows.runtime.flow_run import CurrentRun
from flows.runtime.preflight import check_machine, check_paths
from flows.runtime.registry import find_prefect_flow
from flows.runtime.run_labels import show_score
from flows.runtime.run_marks import STOPPED
from flows.runtime.stop_signals import SignalListener
from flows.scheduling.notifications import SKIPPED, UNCHANGED, notify
from flows.scheduling.schedule_file import PREDICT
from tasks.core.cache.store import Store
from tasks.core.cluster import clusters
from tasks.core.competition import competition_names
from tasks.core.context import run_id
from tasks.core.execution import stopping
from tasks.core.execution.garbage_collection import raise_gc_threshold
from tasks.core.files.streams import open_streams
from tasks.core.locations import display_path
from tasks.core.settings.resolve import resolve

BUSY = "An earlier run of this deployment is still running; the next run uses whatever data it misses."
PARENT_CHECK_SECONDS = 1.0
GRACE_SECONDS = 5.0
"""Time for Prefect to record the end of a run that is cancelled; its steps and children have ended before."""

log = logging.getLogger("podium")


def __getattr__(name: str) -> Flow[..., Any]:
    """The flow of this name, so that a new competition needs no line here."""
    if name in (*competition_names(), PREDICT):
        return deployed_flow(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def deployed_flow(name: str) -> Flow[..., Any]:
    """The flow of a competition, or the one that answers other test files, for deployments."""
    return prediction_flow() if name == PREDICT else deployment_flow(name)


@functools.cache
def deployment_flow(competition: str) -> Flow[..., Any]:
    """The flow of a competition with what a deployment's runs need around its body."""
    inner = find_prefect_flow(competition)

    @functools.wraps(inner.fn)
    def body(config: Any) -> Any:
        return stoppable(lambda: final_state(inner.fn, config))

    return _deployable(inner, body)


@functools.cache
def prediction_flow() -> Flow[..., Any]:
    """The flow that answers other test files, with what a deployment's runs need around its body."""

    @functools.wraps(prediction.fn)
    def body(
        competition: str, submission: str, overrides: list[str] | None = None, name: str = "predict"
    ) -> Any:
        config = resolve(competition, overrides=overrides or (), submission=submission)

        def predict(_: Any) -> Any:
            return prediction.fn(competition, submission, overrides, name)

        return stoppable(lambda: final_state(predict, config))

    body.__name__ = PREDICT
    return _deployable(prediction, body)


def _deployable(inner: Any, body: Callable[..., Any]) -> Flow[..., Any]:
    body.__module__ = __name__
    return Flow(
        body,
        name=inner.name,
        description=inner.description,
        flow_run_name=run_name,
        task_runner=inner.task_runner,
        on_completion=[notify],
        on_failure=[notify],
        on_crashed=[notify],
        on_cancellation=[notify],
    )


def run_name() -> str:
    """Preset and time for a run created by a schedule; otherwise the name that it has."""
    context: Any = FlowRunContext.get()
    run, moment = context.flow_run, context.flow_run.expected_start_time
    if not run.auto_scheduled or moment is None:
        return run.name
    config = context.parameters.get("config")
    name = config.run.name if config else context.parameters["name"]
    return f"{name} {moment:%Y-%m-%d %H:%M} UTC"


def final_state(body: Any, config: Any) -> Any:
    """Run the flow's body; the run's last state, with a message on what changed or why it was skipped."""
    raise_gc_threshold()
    open_streams()
    show_logs()
    check_machine()
    check_paths(config)
    with deployment_lock() as free:
        if not free:
            log.info("%s", BUSY)
            return Completed(name=SKIPPED, message=BUSY)  # state Cancelled would log Prefect's traceback
        began = time.time()
        with clusters.open_for(config.run), step_workers(config.run.workers):
            result = body(config)
        show_score(run_name(), result)
        message = change_summary(result, Store.current().journal(run_id() or ""), began=began)
        log.info("%s", message)
        return Completed(message=message, data=result)


def stoppable(function: Callable[[], Any]) -> Any:
    """What the function returns; where the process of the run is to end, the state Cancelled.

    Raises:
        TerminationSignal: the run is cancelled in Prefect, and its runner sets the state and calls the hooks;
            or the runner was killed, and Prefect takes it for a crash.
    """
    run, parent = CurrentRun(), os.getppid()
    run.begin()
    with ending_children_with_run():
        try:
            result = function()
        except TerminationSignal:
            stopping.stop()
            if os.getppid() != parent or _is_cancelling(run):
                raise
        except Exception:
            if not stopping.is_stopping():
                run.note_end("FAILED")
                raise
        else:
            run.close()
            return result
        run.note_end("CANCELLED")
    return Cancelled(message=STOPPED)


def _is_cancelling(run: CurrentRun) -> bool:
    """Whether somebody has asked Prefect to cancel the run."""
    with suppress(Exception), get_client(sync_client=True) as client:  # else it is taken to be stopped
        state = client.read_flow_run(UUID(run.id)).state
        return state is not None and state.is_cancelling()
    return False


@contextmanager
def deployment_lock() -> Iterator[bool]:
    """Whether no other run of this deployment is running; the kernel frees the lock of one that dies."""
    if deployment.id is None:
        yield True
        return
    lock = Store.current().lock(f"deployment-{deployment.id}")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def step_workers(count: int) -> Iterator[None]:
    """Run steps in this many threads within the block; the flow was created before the number was known."""
    context: Any = FlowRunContext.get()
    runner: Any = ThreadPoolTaskRunner(max_workers=count)
    with runner, context.model_copy(update={"task_runner": runner}):
        yield


def change_summary(result: dict[str, Any], steps: list[dict[str, Any]], *, began: float) -> str:
    """Summary of a run in one line: how many steps ran, the submission, its score, what was left out.

    `steps` is the run's journal, a record for each step; `began` is in seconds since the epoch.
    """
    keys = {step["key"] for step in steps if step["key"]}  # a retry records its steps again
    ran = {step["key"] for step in steps if step["key"] and step["state"] == "ran"}
    file = Path(result["submission"])
    outcome = " ".join([display_path(file.parent), score_text(result.get("score"))]).strip()
    outcome += "".join(f"; {name}: left out, {why}" for name, why in (result.get("left_out") or {}).items())
    if not ran and file.stat().st_mtime < began:
        return f"{UNCHANGED}: all {len(keys)} steps were cached; {outcome}"
    return f"{len(ran)} of {len(keys)} steps ran; {outcome}"


@contextmanager
def ending_children_with_run() -> Iterator[None]:
    """Within the block, end the trainings on SIGTERM, or when the parent process has died.

    Prefect's handler of SIGTERM stays, and reports the run's state. But the flow waits for its threads, and
    these for their trainings. Ctrl-C in a terminal reaches this process too; the parent process handles it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous_handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener, ended = SignalListener(lambda: None, grace_seconds=GRACE_SECONDS), threading.Event()
    previous = signal.set_wakeup_fd(listener.writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_when_orphaned, args=(os.getppid(), ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        if listener.signalled():
            listener.wait_for_children()
        else:
            signal.set_wakeup_fd(previous)
            signal.signal(signal.SIGINT, previous_handler)
            listener.close()


def _end_when_orphaned(parent: int, ended: threading.Event) -> None:
    """End a run whose runner was killed, as it could no longer be cancelled; a retry resumes it."""
    while not ended.wait(PARENT_CHECK_SECONDS):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
