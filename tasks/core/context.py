"""Who listens to the steps of this thread: the step at work, a recorder of plans, a collector of futures,
and whoever follows what child processes tell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from tasks.core.step import Step


class Running(NamedTuple):
    """The step at work in this thread: where it may keep what a later attempt goes on from."""

    label: str
    key: str
    partial: Path


class Recorder(Protocol):
    """Takes calls of steps instead of Prefect; `flows.budget.plan` has one."""

    def call(self, step: "Step", arguments: dict[str, Any]) -> Any: ...


at_work: ContextVar[Running] = ContextVar("running")
recording: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


class Collector:
    """Futures of the steps a flow has started, in their order."""

    def __init__(self) -> None:
        self.futures: list[Any] = []


collecting: ContextVar[Collector | None] = ContextVar("collector", default=None)
following: ContextVar[Callable[[str], None] | None] = ContextVar("follower", default=None)


def running() -> Running:
    """The step that is at work.

    Raises:
        LookupError: called outside of a step.
    """
    return at_work.get()


def run_id() -> str | None:
    """Id of the flow run this step belongs to; None outside of one."""
    from prefect.runtime import flow_run

    return flow_run.get_id()


@contextmanager
def recorded_by(recorder: Recorder) -> Iterator[None]:
    """Within this block, calls of steps go to the recorder and nothing runs."""
    token = recording.set(recorder)
    try:
        yield
    finally:
        recording.reset(token)


@contextmanager
def collected_by(collector: Collector) -> Iterator[None]:
    """Within this block, the collector learns of every step that is started."""
    token = collecting.set(collector)
    try:
        yield
    finally:
        collecting.reset(token)


@contextmanager
def followed_by(follower: Callable[[str], None]) -> Iterator[None]:
    """Within this block, the follower is given each line that a child process tells.

    What it raises ends the child, and comes out of the step.
    """
    token = following.set(follower)
    try:
        yield
    finally:
        following.reset(token)
