"""Context of a step: the running step, a recorder of plans, a collector of futures, and a follower of epochs.

All are context variables, so that they hold for this thread and for the steps that are started in it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tasks.core.execution.messages import EpochProgress


class Running(NamedTuple):
    """The step that runs in this thread."""

    label: str
    key: str
    """Digest of its cache key."""
    partial: Path
    """Folder for checkpoints, from which a later attempt resumes."""


class Recorder(Protocol):
    """Takes calls of steps instead of Prefect; `flows.budget.plan` has one."""

    def call(self, step: Any, arguments: dict[str, Any]) -> Any:
        """The result of calling a `tasks.core.step.Step` with all its arguments, by name."""


at_work: ContextVar[Running] = ContextVar("running")
recording: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


class Collector:
    """Futures of the steps that a flow has started, in the order of their starts."""

    def __init__(self) -> None:
        self.futures: list[Any] = []


collecting: ContextVar[Collector | None] = ContextVar("collector", default=None)
follower: ContextVar[Callable[[EpochProgress], None] | None] = ContextVar("follower", default=None)


def running() -> Running:
    """The step that runs in this thread.

    Raises:
        LookupError: called outside of a step.
    """
    return at_work.get()


def run_id() -> str | None:
    """Id of Prefect's flow run that this step belongs to; None outside of one."""
    from prefect.runtime import flow_run

    return flow_run.get_id()


@contextmanager
def recorded_by(recorder: Recorder) -> Iterator[None]:
    """Within this block, calls of steps go to the recorder instead of Prefect."""
    token = recording.set(recorder)
    try:
        yield
    finally:
        recording.reset(token)


@contextmanager
def collected_by(collector: Collector) -> Iterator[None]:
    """Within this block, add the future of every step that is started to the collector."""
    token = collecting.set(collector)
    try:
        yield
    finally:
        collecting.reset(token)


@contextmanager
def followed_by(follow: Callable[[EpochProgress], None]) -> Iterator[None]:
    """Within this block, call `follow` with each epoch that a child process reports.

    An exception that it raises kills the child and is raised by the step.
    """
    token = follower.set(follow)
    try:
        yield
    finally:
        follower.reset(token)
