"""Ctrl-C and SIGTERM end every child at once, on workers too, whatever the main thread is doing.

A flow that is interrupted waits for its task threads, and these wait for their trainings: unless
the children end first, nothing ends. While a flow runs, Prefect's SIGTERM handler stands in place
of ours; the wake-up pipe of `signal` hears of a signal all the same, even while the main thread is
in C code.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from tasks.core.cluster import clusters

if TYPE_CHECKING:
    from psutil import Process

GRACE_SECONDS = 10.0
"""The process is ended if it has not ended by itself this long after the signal."""
TERM_SECONDS = 2.0
"""A child that outlives SIGTERM by this much gets SIGKILL."""
EXIT_CODE = 130
END = b"\0"
SIGNALS = (bytes([signal.SIGINT]), bytes([signal.SIGTERM]))


class Interruption:
    """Hears signals through a pipe, in a thread of its own."""

    def __init__(self, give_up: Callable[[], None]) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self._give_up = give_up
        self._signalled = False
        self._decided = threading.Event()
        self._childless = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def happened(self) -> bool:
        """Whether a signal came; if none did, later ones are no longer heard."""
        if not self._decided.is_set():
            os.write(self.writer, END)  # stands behind every signal so far
            self._decided.wait()
        return self._signalled

    def wait_for_children(self) -> None:
        """Return when no child is left; the watcher ends the process before this takes for ever."""
        self._childless.wait()

    def close(self) -> None:
        """Let go of the pipe and the thread."""
        self._thread.join()
        os.close(self.reader)
        os.close(self.writer)

    def _watch(self) -> None:
        self._signalled = self._first_byte() != END
        self._decided.set()
        if not self._signalled:
            return
        clusters.end()
        started = time.monotonic()
        while time.monotonic() - started < GRACE_SECONDS:
            patient = time.monotonic() - started < TERM_SECONDS
            if children := _children():
                _end(children, signal.SIGTERM if patient else signal.SIGKILL)
            else:
                self._childless.set()
            if _again(self.reader, 0.1):
                break
        self._give_up()
        _end([child for child in _descendants() if not _is_detached(child)], signal.SIGKILL)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_CODE)

    def _first_byte(self) -> bytes:
        """The first signal that concerns us, or the end; other signals pass through the pipe too."""
        while (byte := os.read(self.reader, 1)) not in (END, *SIGNALS):
            pass
        return byte


@contextmanager
def watching(give_up: Callable[[], None]) -> Iterator[Interruption]:
    """Inside, a signal ends all children and raises in the main thread.

    Args:
        give_up: called before the process is ended by force, on a second Ctrl-C or after the grace.
    """
    interruption = Interruption(give_up)
    previous_pipe = signal.set_wakeup_fd(interruption.writer, warn_on_full_buffer=False)
    previous_handler = signal.signal(signal.SIGTERM, _raise)
    try:
        yield interruption
    finally:
        if interruption.happened():
            # It stays on guard until the interpreter has joined its last thread, and hears on its
            # own of a second Ctrl-C, which must not break into the main thread's way out.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _ignore)
            interruption.wait_for_children()
        else:
            signal.set_wakeup_fd(previous_pipe)
            signal.signal(signal.SIGTERM, previous_handler)
            interruption.close()


def _raise(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore(number: int, frame: FrameType | None) -> None:
    pass  # unlike SIG_IGN, a handler lets the signal through to the pipe


def _again(reader: int, seconds: float) -> bool:
    """A second Ctrl-C within these seconds. SIGTERM does not count: Prefect repeats it."""
    ready, _, _ = select.select([reader], [], [], seconds)
    return bool(ready) and os.read(reader, 1) == SIGNALS[0]


def _descendants() -> list["Process"]:
    from psutil import Process

    return Process().children(recursive=True)


def _children() -> list["Process"]:
    """All alive but Prefect's servers, which have the end of the run to record."""
    return [child for child in _descendants() if _is_alive(child) and not _is_server(child)]


def _is_alive(process: "Process") -> bool:
    from psutil import STATUS_ZOMBIE, NoSuchProcess

    try:
        return bool(process.status() != STATUS_ZOMBIE)
    except NoSuchProcess:
        return False


def _is_server(process: "Process") -> bool:
    from psutil import Error

    try:
        command = " ".join(process.cmdline())
    except Error:
        return False  # it has just ended
    return "prefect server" in command or "prefect.server" in command


def _is_detached(process: "Process") -> bool:
    """Whether it leads a session of its own, as a server in the background does."""
    try:
        return os.getsid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def _end(children: list["Process"], number: signal.Signals) -> None:
    from psutil import NoSuchProcess

    for child in children:
        try:
            child.send_signal(number)
        except NoSuchProcess:
            continue
