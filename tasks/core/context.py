"""Context of a step: the running step, a recorder of plans, a collector of futures, and a follower of epochs.

All are context variables, so that they hold for this thread and for the steps that are started in it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from tasks.core.execution.child_messages import EpochProgress

T = TypeVar("T")


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
collecting: ContextVar[list[Any] | None] = ContextVar("collector", default=None)
follower: ContextVar[Callable[[EpochProgress], None] | None] = ContextVar("follower", default=None)


def found(label: str, reason: str = "") -> None:
    """Tell a recorder that lists steps, if there is one, of a result that no step of the run computes.

    Args:
        label: what it is, for people.
        reason: why it is not certain yet; empty if it is.
    """
    if (tell := getattr(recording.get(), "found", None)) is not None:
        tell(label, reason)


def running() -> Running:
    """The step that runs in this thread; raises LookupError outside of a step."""
    return at_work.get()


def run_id() -> str | None:
    """Id of Prefect's flow run that this step belongs to; None outside of one. Does not import Prefect."""
    if "prefect" not in sys.modules:
        return None
    from prefect.runtime import flow_run

    return flow_run.get_id()


def run_name() -> str | None:
    """Name of Prefect's flow run that this step belongs to; None outside of one. Does not import Prefect."""
    context: Any = sys.modules.get("prefect.context")
    flow = context and context.FlowRunContext.get()
    return flow.flow_run.name if flow and flow.flow_run else None


@contextmanager
def assigned(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Within this block, the variable has this value."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def recorded_by(recorder: Recorder) -> AbstractContextManager[None]:
    """Within this block, calls of steps go to the recorder instead of Prefect."""
    return assigned(recording, recorder)


def collected_in(futures: list[Any]) -> AbstractContextManager[None]:
    """Within this block, add the future of every step that is started to the list."""
    return assigned(collecting, futures)


def followed_by(follow: Callable[[EpochProgress], None]) -> AbstractContextManager[None]:
    """Within this block, call `follow` with each epoch that a child process reports.

    An exception that it raises kills the child and is raised by the step.
    """
    return assigned(follower, follow)
