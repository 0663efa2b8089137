"""Control of a run's child processes: which steps run, how far they are, and cancelling them.

A step that the run has cancelled does not start, stops waiting for a slot or for another run's result, and
its child process is killed. Checkpoints stay where a later run finds them, and nothing is stored under the
step's key.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from filelock import FileLock, Timeout

from tasks.core.context import assigned
from tasks.core.execution import stopping
from tasks.core.execution.child_messages import EpochProgress
from tasks.core.execution.waiting import holder_text, note_in_lock, waiting

POLL_SECONDS = 0.5
"""How often a step that waits for a lock checks whether it is cancelled."""


class LeftOut(Exception):
    """The run goes on without this step."""


class TimedEpoch(NamedTuple):
    """An epoch that a child has reported, and when (monotonic seconds)."""

    at: float
    epoch: int
    total: int


class Child(NamedTuple):
    """A running child process: its start (monotonic seconds) and its first and last epoch so far."""

    began: float
    kill: Callable[[], None]
    epochs: list[TimedEpoch]


class RunControl:
    """The child processes of one run, by the labels of their steps; safe for the run's threads."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._children: dict[str, Child] = {}
        self._finished_seconds: dict[str, float] = {}
        self._cancelled: set[str] = set()
        self.order: dict[str, int] = {}
        """Positions of steps in the queue for slots; those without one go first."""

    def cancel(self, labels: Iterable[str]) -> None:
        """Cancel these steps: they do not start any more, and their running children are killed."""
        with self._guard:
            self._cancelled |= set(labels)
            cancelled = [child for label, child in self._children.items() if label in self._cancelled]
        for child in cancelled:
            child.kill()

    def raise_if_cancelled(self, label: str) -> None:
        """Raise LeftOut if the run has cancelled this step."""
        if label in self._cancelled:
            raise LeftOut(label)

    @contextmanager
    def running_child(self, label: str, kill: Callable[[], None]) -> Iterator[None]:
        """Register a child of the step within this block; `kill` is called when the step is cancelled."""
        with self._guard:
            self._children[label] = Child(time.monotonic(), kill, [])
        try:
            if label in self._cancelled:
                kill()
            yield
        finally:
            with self._guard:
                seconds = time.monotonic() - self._children.pop(label).began
                self._finished_seconds[label] = self._finished_seconds.get(label, 0.0) + seconds

    def record_progress(self, label: str, progress: EpochProgress) -> None:
        """Keep an epoch that the step's child reports, for `seconds_left`."""
        if label in self._children:
            epochs = self._children[label].epochs
            epochs[1:] = [TimedEpoch(time.monotonic(), progress.epoch, progress.total)]  # the first stays

    def begin_work(self, label: str) -> None:
        """Count the time of the step's child from now on: until now it has waited for a worker."""
        with self._guard:
            if label in self._children:
                self._children[label] = self._children[label]._replace(began=time.monotonic())

    def working_time(self, label: str) -> float:
        """Seconds for which the step had a child in this run, failed attempts included."""
        with self._guard:
            child = self._children.get(label)
            current = time.monotonic() - child.began if child else 0.0
            return self._finished_seconds.get(label, 0.0) + current

    def is_running(self, label: str) -> bool:
        """Whether the step has a child now."""
        return label in self._children

    def seconds_left(self, label: str) -> float | None:
        """Seconds that the step's child still needs, by the time of its epochs; None before two are over."""
        with self._guard:
            epochs = list(self._children[label].epochs) if label in self._children else []
        if len(epochs) < 2 or epochs[-1].epoch <= epochs[0].epoch:
            return None
        first, last = epochs
        seconds_per_epoch = (last.at - first.at) / (last.epoch - first.epoch)
        return max(seconds_per_epoch * (last.total - last.epoch) - (time.monotonic() - last.at), 0.0)


current: ContextVar[RunControl | None] = ContextVar("run_control", default=None)


def controlled_by(control: RunControl) -> AbstractContextManager[None]:
    """Within this block, and in the threads of its steps, children belong to this run control."""
    return assigned(current, control)


def raise_if_cancelled(label: str) -> None:
    """Raise LeftOut if the run has cancelled this step; without a run control none is cancelled."""
    if control := current.get():
        control.raise_if_cancelled(label)


def queue_position(label: str) -> int:
    """The step's position in the queue for slots; of equal ones, the first to arrive goes first."""
    control = current.get()
    return control.order.get(label, 0) if control else 0


def running_child(label: str, kill: Callable[[], None]) -> AbstractContextManager[None]:
    """Register a child of the step with the run control, if there is one, within this block."""
    control = current.get()
    return control.running_child(label, kill) if control else nullcontext()


def begin_work(label: str) -> None:
    """Count the time of the step's child from now on, with the run control, if there is one."""
    if control := current.get():
        control.begin_work(label)


def record_progress(label: str, progress: EpochProgress) -> None:
    """Give an epoch of the step's child to the run control, if there is one."""
    if control := current.get():
        control.record_progress(label, progress)


@contextmanager
def acquire_or_cancel(lock: FileLock, check: Callable[[], None], *, label: str) -> Iterator[None]:
    """Hold the lock within this block; while waiting for it, call `check` now and then and let it raise.

    `label` is what the lock is held for.

    Raises:
        Stopped: this process is ending.
    """
    path = Path(lock.lock_file)

    def text(since: str) -> str:
        held = holder_text(path, "it does not say which")
        return f"waits{since} for {label}, which another run computes: {held}"

    def try_once(seconds: float) -> bool:
        stopping.raise_if_stopping()
        check()
        try:
            lock.acquire(timeout=seconds)
        except Timeout:
            return False
        return True

    if not try_once(0):
        with waiting("another run", text) as wait:
            while not try_once(POLL_SECONDS):
                wait.check()
    note_in_lock(path)
    try:
        yield
    finally:
        lock.release()
