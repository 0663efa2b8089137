"""What a run knows of its own children, and how it ends those that it has no time for any more.

A step that is refused does not begin, waits no longer for a slot or for another run's result, and its child
is ended. Checkpoints stay where a later run finds them, and nothing is kept under the step's key.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import NamedTuple

from filelock import FileLock, Timeout

EPOCH = re.compile(r"epoch (\d+) of (\d+):")
PATIENCE_SECONDS = 1.0
"""A step that waits for a lock looks this often whether it is still wanted."""


class LeftOut(Exception):
    """The run goes on without this step."""


class Heard(NamedTuple):
    """An epoch that a child has told of."""

    at: float
    epoch: int
    total: int


class Child(NamedTuple):
    """One child at work: since when, how to end it, and its first and its last epoch so far."""

    began: float
    end: Callable[[], None]
    epochs: list[Heard]


class Watch:
    """The children of one run by the labels of their steps; safe for its threads."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._children: dict[str, Child] = {}
        self._over: dict[str, float] = {}
        self._refused: set[str] = set()
        self.order: dict[str, int] = {}
        """Places of steps in the line for slots; those without one stand before all."""

    def refuse(self, labels: Iterable[str]) -> None:
        """From now on these steps do not begin; those at work are ended."""
        with self._guard:
            self._refused |= set(labels)
            ended = [child for label, child in self._children.items() if label in self._refused]
        for child in ended:
            child.end()

    def insist(self, label: str) -> None:
        """Go on only if the step is wanted.

        Raises:
            LeftOut: it is refused.
        """
        if label in self._refused:
            raise LeftOut(label)

    @contextmanager
    def over(self, label: str, end: Callable[[], None]) -> Iterator[None]:
        """Within this block a child works for the step; `end` ends it, at once if it is refused already."""
        with self._guard:
            self._children[label] = Child(time.monotonic(), end, [])
        try:
            if label in self._refused:
                end()
            yield
        finally:
            with self._guard:
                worked = time.monotonic() - self._children.pop(label).began
                self._over[label] = self._over.get(label, 0.0) + worked

    def told(self, label: str, text: str) -> None:
        """Take a line that the step's child tells, if it is about an epoch."""
        if (found := EPOCH.search(text)) and label in self._children:
            heard = Heard(time.monotonic(), int(found[1]), int(found[2]))
            epochs = self._children[label].epochs
            epochs[1:] = [heard]  # the first stays

    def worked(self, label: str) -> float:
        """Seconds that children have worked for the step in this run, attempts that failed included."""
        with self._guard:
            child = self._children.get(label)
            so_far = time.monotonic() - child.began if child else 0.0
            return self._over.get(label, 0.0) + so_far

    def is_at_work(self, label: str) -> bool:
        """Whether a child works for the step now."""
        return label in self._children

    def left(self, label: str) -> float | None:
        """Seconds the child still needs at the pace of its epochs; None until two of them are over."""
        with self._guard:
            epochs = list(self._children[label].epochs) if label in self._children else []
        if len(epochs) < 2 or epochs[-1].epoch <= epochs[0].epoch:
            return None
        first, last = epochs
        pace = (last.at - first.at) / (last.epoch - first.epoch)
        return max(pace * (last.total - last.epoch) - (time.monotonic() - last.at), 0.0)


current: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched_by(watch: Watch) -> Iterator[None]:
    """Within this block, and in the threads of its steps, children are the watch's."""
    token = current.set(watch)
    try:
        yield
    finally:
        current.reset(token)


def insist(label: str) -> None:
    """Go on only if the step is wanted; nobody refuses any where no one watches.

    Raises:
        LeftOut: it is refused.
    """
    if watch := current.get():
        watch.insist(label)


def place(label: str) -> int:
    """Where the step stands in the line for slots; steps of one place are served as they come."""
    watch = current.get()
    return watch.order.get(label, 0) if watch else 0


@contextmanager
def over(label: str, end: Callable[[], None]) -> Iterator[None]:
    """Within this block the watch, if there is one, may end the step's child."""
    watch = current.get()
    if watch is None:
        yield
        return
    with watch.over(label, end):
        yield


def told(label: str, text: str) -> None:
    """Let the watch, if there is one, hear what the step's child tells."""
    if watch := current.get():
        watch.told(label, text)


@contextmanager
def held(lock: FileLock, check: Callable[[], None]) -> Iterator[None]:
    """Hold the lock, however long that takes, unless `check`, called now and then while it waits, raises."""
    while True:
        check()
        try:
            lock.acquire(timeout=PATIENCE_SECONDS)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        lock.release()
