"""On Ctrl-C and SIGTERM, end every child process at once, those of cluster workers too.

An interrupted flow waits for its task threads, and these wait for their trainings: it ends only if the
children end first. While a flow runs, Prefect's SIGTERM handler replaces ours, but the wake-up pipe of
`signal` still receives the signal, even while the main thread runs C code.
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

from psutil import STATUS_ZOMBIE, Error, NoSuchProcess, Process

from tasks.core.cluster import clusters

GRACE_SECONDS = 10.0
"""The process is killed if it has not ended this long after the signal."""
TERM_SECONDS = 2.0
"""A child that is alive this long after SIGTERM gets SIGKILL."""
EXIT_CODE = 130
END = b"\0"
SIGNALS = (bytes([signal.SIGINT]), bytes([signal.SIGTERM]))


class SignalListener:
    """Receives signals through a pipe in its own thread, and ends the child processes on the first."""

    def __init__(self, before_kill: Callable[[], None]) -> None:
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self._before_kill = before_kill
        self._signalled = False
        self._decided = threading.Event()
        self._childless = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def signalled(self) -> bool:
        """Whether a signal came; if not, later signals are ignored."""
        if not self._decided.is_set():
            os.write(self.writer, END)  # follows every signal so far
            self._decided.wait()
        return self._signalled

    def wait_for_children(self) -> None:
        """Return when no child is left; after the grace period the listener kills the process."""
        self._childless.wait()

    def close(self) -> None:
        """Release the pipe and the thread."""
        self._thread.join()
        os.close(self.reader)
        os.close(self.writer)

    def _listen(self) -> None:
        self._signalled = self._first_byte() != END
        self._decided.set()
        if not self._signalled:
            return
        clusters.end()
        started = time.monotonic()
        while time.monotonic() - started < GRACE_SECONDS:
            number = signal.SIGTERM if time.monotonic() - started < TERM_SECONDS else signal.SIGKILL
            if children := _children():
                _send(number, children)
            else:
                self._childless.set()
            if _second_interrupt(self.reader, 0.1):
                break
        self._before_kill()
        _send(signal.SIGKILL, [child for child in _descendants() if not _is_detached(child)])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_CODE)

    def _first_byte(self) -> bytes:
        """The first SIGINT or SIGTERM, or END; other signals come through the pipe too."""
        while (byte := os.read(self.reader, 1)) not in (END, *SIGNALS):
            pass
        return byte


@contextmanager
def ending_children_on_signal(before_kill: Callable[[], None]) -> Iterator[SignalListener]:
    """Within the block, a signal ends all children and raises KeyboardInterrupt in the main thread.

    `before_kill` is called before the process is killed, on a second Ctrl-C or after the grace period.
    """
    listener = SignalListener(before_kill)
    previous_pipe = signal.set_wakeup_fd(listener.writer, warn_on_full_buffer=False)
    previous_handler = signal.signal(signal.SIGTERM, _raise)
    try:
        yield listener
    finally:
        if listener.signalled():
            # The listener stays until the interpreter has joined its last thread, and handles a second
            # Ctrl-C, which must not interrupt the main thread's exit.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _ignore)
            listener.wait_for_children()
        else:
            signal.set_wakeup_fd(previous_pipe)
            signal.signal(signal.SIGTERM, previous_handler)
            listener.close()


def _raise(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore(number: int, frame: FrameType | None) -> None:
    pass  # unlike with SIG_IGN, the signal still reaches the pipe


def _second_interrupt(reader: int, seconds: float) -> bool:
    """Whether Ctrl-C comes again within these seconds; SIGTERM does not count, as Prefect repeats it."""
    ready, _, _ = select.select([reader], [], [], seconds)
    return bool(ready) and os.read(reader, 1) == SIGNALS[0]


def _descendants() -> list[Process]:
    return Process().children(recursive=True)


def _children() -> list[Process]:
    """All live descendants but Prefect's servers, which still record the end of the run."""
    return [child for child in _descendants() if _is_alive(child) and not _is_server(child)]


def _is_alive(process: Process) -> bool:
    try:
        return bool(process.status() != STATUS_ZOMBIE)
    except NoSuchProcess:
        return False


def _is_server(process: Process) -> bool:
    try:
        command = " ".join(process.cmdline())
    except Error:
        return False  # it has just ended
    return "prefect server" in command or "prefect.server" in command


def _is_detached(process: Process) -> bool:
    """Whether it leads its own session, as a server in the background does."""
    try:
        return os.getsid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def _send(number: signal.Signals, children: list[Process]) -> None:
    for child in children:
        try:
            child.send_signal(number)
        except NoSuchProcess:
            continue
