"""What a child process says to its parent: lines after a control character, and how far it is."""

import atexit
import gc
import json
import sys
import time
from collections.abc import Callable

MARK = "\x1e"


def tell(text: str) -> None:
    """Send one line to the parent's log (printed plainly when there is no parent)."""
    send({"text": text})


def send(message: dict[str, str]) -> None:
    """Write a message where the parent hears it."""
    sys.stdout.write(f"{as_line(message)}\n")
    sys.stdout.flush()


def as_line(message: dict[str, str]) -> str:
    """A message as the line that carries it."""
    return f"{MARK}{json.dumps(message, ensure_ascii=False)}"


class Progress:
    """Tells the rate and the time left, at most every few seconds."""

    def __init__(
        self, what: str, total: int, *, tell: Callable[[str], None] = tell, every: float = 10
    ) -> None:
        self._what, self._total, self._tell, self._every = what, total, tell, every
        self._began = self._told = time.monotonic()
        self._start: int | None = None

    def at(self, done: int) -> None:
        """Note that `done` of the total are finished."""
        if self._start is None:
            self._start = done
        now = time.monotonic()
        if now - self._told < self._every or done <= self._start:
            return
        self._told = now
        rate = (done - self._start) / (now - self._began)
        left = (self._total - done) / rate
        self._tell(f"{done} of {self._total} {self._what}, {rate:.1f}/s, {left:.0f} s left")


# FOLDED from tasks/core/garbage.py
# Look for garbage seldom, in processes that mostly import what stays.
ALLOCATIONS = 10_000
"""Objects made and not freed before a collection; in Python 3.11 it comes after 700."""


def collect_seldom() -> None:
    """Let Python look for reference cycles less often in this process, and not at its end.

    At Python's own pace that is about a sixth of an import of TensorFlow and Keras, or of Prefect, and finds
    next to nothing. Trainings make hardly any cycles: their peak of memory is the same. At the end
    of a run Python's last collections would take half a second, and free what the kernel frees at once.
    """
    gc.set_threshold(ALLOCATIONS, 10, 10)
    atexit.register(gc.freeze)
