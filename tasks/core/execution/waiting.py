"""Waiting for what others hold: said after a while, with the holders, and never counted as work.

Every step that waits for a slot, for another run's result or for a worker of a cluster does so in `waiting`.
The messages go to the run's log, and so to the terminal and to Prefect's pages.
"""

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from tasks.core.context import assigned, at_work, run_name
from tasks.core.execution import activity
from tasks.core.files.stored_files import Damaged, FileKind, Loose

NOTICE_SECONDS = 10.0
"""A wait is said after this long."""
AGAIN_SECONDS = 300.0
"""And again each time that this much has passed."""
MOST_HOLDERS = 4
"""Holders that a message names."""

log = logging.getLogger("podium")


class Waited:
    """Seconds that a step has waited, without those of steps inside it that count for themselves."""

    seconds = 0.0


class _Holder(Loose):
    pid: int
    step: str
    since: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
    run: str = ""


_HOLDER = FileKind(_Holder, most_bytes=100_000)
_waited: ContextVar[Waited | None] = ContextVar("waited", default=None)


class Wait:
    """A wait that goes on: says now and then what for."""

    def __init__(self, text: Callable[[str], str]) -> None:
        """`text` is given ` since 5 min`, or nothing in the first minute; what it returns is said."""
        self._text = text
        self.began = time.monotonic()
        self._notice_at = self.began + NOTICE_SECONDS

    def check(self) -> None:
        """Say what for, if it is time and there is something to say; call this at each check."""
        if (now := time.monotonic()) < self._notice_at:
            return
        if text := self._text(since(now - self.began) if now - self.began >= 60 else ""):
            log.info("%s", text)
            self._notice_at = now + AGAIN_SECONDS


@contextmanager
def waiting(what: str, text: Callable[[str], str]) -> Iterator[Wait]:
    """Wait within this block: its time is none of the step's work.

    Args:
        what: a few words on what for, for a display.
        text: as of `Wait`.
    """
    wait = Wait(text)
    try:
        with activity.waiting(what):
            yield wait
    finally:
        if (waited := _waited.get()) is not None:
            waited.seconds += time.monotonic() - wait.began


@contextmanager
def counting_waits() -> Iterator[Waited]:
    """Count what the step of this block waits; it counts for a step around this one too."""
    outer, waited = _waited.get(), Waited()
    try:
        with assigned(_waited, waited):
            yield waited
    finally:
        if outer is not None:
            outer.seconds += waited.seconds


def holder() -> dict[str, Any]:
    """What a file says of this process and the step that holds something, for those that wait."""
    step = at_work.get(None)
    return {
        "pid": os.getpid(),
        "step": step.label if step else "",
        "since": time.time(),
        "run": run_name() or "",
    }


def note_in_lock(path: Path) -> None:
    """Write into the file of a lock who holds it."""
    with suppress(OSError):  # a full disk must not fail the step for the sake of a message
        path.write_text(json.dumps({**holder(), "step": ""}), "utf-8")


def holder_text(path: Path, otherwise: str) -> str:
    """Who holds it: `run demo, pid 4711, train small fold 0, since 3 min`."""
    try:
        held = _HOLDER.read(path)
    except (FileNotFoundError, Damaged):  # written at this moment, or by another version
        return otherwise
    run = f"run {held['run']}" if held.get("run") else ""
    parts = [run, f"pid {held['pid']}", held["step"]]
    return ", ".join(part for part in parts if part) + since(time.time() - held["since"], comma=True)


def holders_text(texts: Iterable[str]) -> str:
    """Several holders, the first ones by name, equal ones once."""
    counts = Counter(texts)
    every = [f"{text} ({count} of them)" if count > 1 else text for text, count in counts.items()]
    more = f"; and {len(every) - MOST_HOLDERS} more" if len(every) > MOST_HOLDERS else ""
    return "; ".join(every[:MOST_HOLDERS]) + more


def since(seconds: float, *, comma: bool = False) -> str:
    """` since 40 s`, ` since 3 min` or ` since 2 h 5 min`."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    length = f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{rest} s"
    return f"{',' if comma else ''} since {length}"
