"""The flows as deployments run them: `flows.scheduling.entrypoint.dogs` is the entry point of deployments of dogs.

Around a flow's own body stand four things that the command line does for `podium run`, or that only a run
which nobody watches needs: of overlapping runs of one deployment the later skips, a cancelled run takes its
children with it, its last message says what changed, and a command is told.

Prefect's own limit of a deployment's runs is not used: its leases end a training when the server is away
for minutes, and keep a slot for minutes when a run is killed. A locked file does neither.
"""

import functools
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.runtime.registry import flow_of
from flows.scheduling.notifications import SKIPPED, UNCHANGED, tell
from tasks.core.competition import competition_names

if TYPE_CHECKING:
    from prefect import Flow

BUSY = "An earlier run of this deployment is still at work; what it does not see, the next one will."
PARENT_SECONDS = 2.0

log = logging.getLogger("podium")


def __getattr__(name: str) -> "Flow[..., Any]":
    """A competition's flow by its name, so that a new competition needs no line here."""
    if name in competition_names():
        return deployed(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@functools.cache
def deployed(competition: str) -> "Flow[..., Any]":
    """The flow of a competition, made fit for runs that nobody watches."""
    from prefect import Flow

    inner = flow_of(competition)

    @functools.wraps(inner.fn)
    def body(config: Any) -> Any:
        with ending_with_its_children():
            return carried_out(inner.fn, config)

    body.__module__ = __name__
    return Flow(
        body,
        name=inner.name,
        description=inner.description,
        flow_run_name=run_name,
        task_runner=inner.task_runner,
        on_completion=[tell],
        on_failure=[tell],
        on_crashed=[tell],
        on_cancellation=[tell],
    )


def run_name() -> str:
    """Preset and time of a run that a schedule made; the name a person gave to any other."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    assert context.parameters is not None
    run, moment = context.flow_run, context.flow_run.expected_start_time
    if not run.auto_scheduled or moment is None:
        return run.name
    return f"{context.parameters['config'].run.name} {moment:%Y-%m-%d %H:%M} UTC"


def carried_out(body: Any, config: Any) -> Any:
    """The last state of a run: what the flow did, or that another run of its deployment is at work."""
    from prefect.states import Completed

    from flows.commands.runs import check_folders, check_paths
    from flows.console import show_logs
    from tasks.core.cluster import clusters
    from tasks.core.execution.garbage_collection import raise_gc_threshold

    raise_gc_threshold()
    show_logs()
    check_folders()
    check_paths(config)
    with alone() as free:
        if not free:
            log.info("%s", BUSY)
            return Completed(name=SKIPPED, message=BUSY)  # a cancelled one would show Prefect's traceback
        began = time.time()
        with clusters.open_for(config.run), steps_at_once(config.run.workers):
            result = body(config)
        message = said(result, journal(), began=began)
        log.info("%s", message)
        return Completed(message=message, data=result)


@contextmanager
def alone() -> Iterator[bool]:
    """Whether no other run of this deployment is at work; the kernel frees the lock of one that dies."""
    from filelock import Timeout
    from prefect.runtime import deployment

    from tasks.core.cache.store import Store

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
def steps_at_once(count: int) -> Iterator[None]:
    """Run steps in as many threads as this run's settings say; the flow was made before they were known."""
    from prefect.context import FlowRunContext
    from prefect.task_runners import ThreadPoolTaskRunner

    context = FlowRunContext.get()
    assert context is not None
    runner: Any = ThreadPoolTaskRunner(max_workers=count)
    with runner, context.model_copy(update={"task_runner": runner}):
        yield


def journal() -> list[dict[str, Any]]:
    """The steps of this run so far."""
    from tasks.core.cache.store import Store
    from tasks.core.context import run_id

    return Store.current().journal(run_id() or "")


def said(result: dict[str, Any], steps: list[dict[str, Any]], *, began: float) -> str:
    """What a run changed, in a sentence."""
    from flows.humanize import score_text
    from tasks.core.settings.presets import shown

    keys = {step["key"] for step in steps if step["key"]}  # a retry notes its steps again
    ran = {step["key"] for step in steps if step["key"] and step["state"] == "ran"}
    file = Path(result["submission"])
    where = " ".join([shown(file.parent), score_text(result.get("score"))]).strip()
    where += "".join(f"; {name}: left out, {why}" for name, why in (result.get("left_out") or {}).items())
    if not ran and file.stat().st_mtime < began:
        return f"{UNCHANGED}: all {len(keys)} steps were cached; {where}"
    return f"{len(ran)} of {len(keys)} steps ran; {where}"


@contextmanager
def ending_with_its_children() -> Iterator[None]:
    """When this process is told to end, or whoever started it is gone, trainings end first.

    Prefect's own handler of SIGTERM stays: it reports the run's state. But the flow waits for its threads,
    and these for their trainings. Ctrl-C in a terminal reaches this process too; whoever started it decides.
    """
    from flows.runtime.signals import Interruption

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous_handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    interruption, over = Interruption(lambda: None), threading.Event()
    previous = signal.set_wakeup_fd(interruption.writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_when_orphaned, args=(os.getppid(), over), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        if interruption.happened():
            interruption.wait_for_children()
        else:
            signal.set_wakeup_fd(previous)
            signal.signal(signal.SIGINT, previous_handler)
            interruption.close()


def _end_when_orphaned(parent: int, over: threading.Event) -> None:
    """A run whose runner was killed could no longer be cancelled; it ends, and a retry resumes it."""
    while not over.wait(PARENT_SECONDS):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
