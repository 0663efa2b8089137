"""What the steps of this process do now: who works, who waits for what, and how far each is.

A display of a run reads it (`flows.display`); no result rests on it. A step that runs inside another one, as
those of a search's trials do, is shown in its place.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import NamedTuple

from tasks.core.context import assigned
from tasks.core.execution.child_messages import EpochProgress, RecordProgress

Progress = EpochProgress | RecordProgress
PROGRESS = "progress"
"""Attribute of the records of the log that report progress: a display shows it in place of the line."""


SUPERFLUOUS = {PROGRESS: None}
"""The `extra` of other records that a display makes superfluous."""


class Activity(NamedTuple):
    """A step at work, or after its end."""

    label: str
    worked_seconds: float
    """Without the time for which it waited."""
    waits_for: str = ""
    """What it waits for now; empty while it works."""
    progress: Progress | None = None
    """The last that it has reported."""
    seconds_left: float | None = None
    """By this report; None without any."""
    loads: str = ""
    """The libraries that its child process loads now."""


class _Entry:
    """The state of a step, which its own thread changes."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.began = time.monotonic()
        self.waited_seconds = 0.0
        self.waits: tuple[str, float] | None = None
        """What it waits for, and since when."""
        self.progress: tuple[Progress, float] | None = None
        self.has_inner = False
        self.loads = ""

    def now(self) -> Activity:
        moment, waits, reported = time.monotonic(), self.waits, self.progress
        waited = self.waited_seconds + (moment - waits[1] if waits else 0.0)
        progress, at = reported or (None, 0.0)
        left = max(progress.seconds_left - (moment - at), 0.0) if progress else None
        worked = max(moment - self.began - waited, 0.0)
        return Activity(self.label, worked, waits[0] if waits else "", progress, left, self.loads)


_guard = Lock()
_running: list[_Entry] = []
_finished: dict[str, Activity] = {}
_started: set[str] = set()
_loaded: set[str] = set()
_current: ContextVar[_Entry | None] = ContextVar("activity", default=None)


def start(label: str) -> None:
    """Note a step that a flow has started, and that may wait for others."""
    with _guard:
        _started.add(label)


def started() -> set[str]:
    """Labels of all steps that flows of this process have started."""
    with _guard:
        return set(_started)


@contextmanager
def active(label: str) -> Iterator[None]:
    """Within the block, this thread carries out the step of this label."""
    outer = _current.get()
    entry = _Entry(f"{outer.label}: {label}" if outer else label)
    with _guard:
        _running.append(entry)
        if outer:
            outer.has_inner = True
    try:
        with assigned(_current, entry):
            yield
    finally:
        with _guard:
            _running.remove(entry)
            _finished[entry.label] = entry.now()
            if outer:
                outer.has_inner = False


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Within the block, the step of this thread, if there is one, waits for this and does not work."""
    entry = _current.get()
    if entry is None or entry.waits:
        yield
        return
    entry.waits = what, time.monotonic()
    try:
        yield
    finally:
        entry.waited_seconds += time.monotonic() - entry.waits[1]
        entry.waits = None


def report(progress: Progress) -> dict[str, Progress]:
    """Note how far the step of this thread is; returns the `extra` of the record of the log that says so."""
    if entry := _current.get():
        entry.progress = progress, time.monotonic()
    return {PROGRESS: progress}


def load(what: str) -> bool:
    """Note the libraries that the child process of this thread's step loads now, or that it has loaded them.

    Returns whether they are the first of their kind in this process, for which others wait too.
    """
    if entry := _current.get():
        entry.loads = what
    with _guard:
        first = bool(what) and what not in _loaded
        _loaded.add(what)
    return first


def running() -> list[Activity]:
    """All steps that work or wait, in the order in which they began."""
    with _guard:
        return [entry.now() for entry in _running if not entry.has_inner]


def finished(label: str) -> Activity | None:
    """The step of this label when it ended, if one has; of several the last."""
    with _guard:
        return _finished.get(label)
