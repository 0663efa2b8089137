"""On Ctrl-C, SIGTERM and SIGHUP, end this process soon: its steps, and all child processes at once.

Signals reach Python's main thread, which waits while a flow runs in another one (`flows.runtime.flow_run`).
They also come through the wake-up pipe of `signal` to a thread of their own, which ends what the main thread
cannot: steps and child processes, those of cluster workers too, and, after the grace period, the process.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from psutil import STATUS_ZOMBIE, Error, NoSuchProcess, Process

from tasks.core.cluster import clusters
from tasks.core.errors import UserError
from tasks.core.execution import stopping

GRACE_SECONDS = 1.5
"""The process is killed if it has not ended this long after the signal."""
TERM_SECONDS = 0.4
"""A child that is alive this long after SIGTERM gets SIGKILL."""
MESSAGE_SECONDS = 0.2
"""Time to print the last message."""
EXIT_CODE = 130
END = b"\0"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BYTES = tuple(bytes([number]) for number in SIGNALS)


class SignalListener:
    """Receives signals through a pipe in its own thread, and ends steps and child processes on the first."""

    def __init__(self, before_kill: Callable[[], None], *, grace_seconds: float | None = None) -> None:
        """`before_kill` is called before the process is killed, after the grace period or a second Ctrl-C."""
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self._before_kill = before_kill
        self._grace_seconds = GRACE_SECONDS if grace_seconds is None else grace_seconds
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
        stopping.stop()
        started = time.monotonic()
        if clusters.are_open():
            clusters.end()
            started = time.monotonic()
        while time.monotonic() - started < self._grace_seconds:
            number = signal.SIGTERM if time.monotonic() - started < TERM_SECONDS else signal.SIGKILL
            if children := _children():
                _send(number, children)
            else:
                self._childless.set()
            if _second_interrupt(self.reader, 0.1):
                break
        message = threading.Thread(target=self._before_kill, daemon=True)  # nobody may read what it prints
        message.start()
        message.join(MESSAGE_SECONDS)
        _send(signal.SIGKILL, [child for child in _descendants() if not _is_detached(child)])
        exit_now()

    def _first_byte(self) -> bytes:
        """The first of the signals, or END; other signals come through the pipe too."""
        while (byte := os.read(self.reader, 1)) not in (END, *_BYTES):
            pass
        return byte


def exit_now() -> None:
    """End the process with the exit code of an interruption; no thread is waited for."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, UserError):  # a closed pipe or terminal, a full disk
            stream.flush()
    os._exit(EXIT_CODE)


@contextmanager
def ending_children_on_signal(before_kill: Callable[[], None]) -> Iterator[SignalListener]:
    """Within the block, a signal ends steps and children and raises KeyboardInterrupt in the main thread.

    When the block is then left, the process ends, though threads may still be at work. Signals that are
    ignored, as SIGHUP is under `nohup`, stay so.
    """
    listener, first = SignalListener(before_kill), True

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal first
        if first:  # the main thread's way out must not be interrupted
            first = False
            raise KeyboardInterrupt

    previous_pipe = signal.set_wakeup_fd(listener.writer, warn_on_full_buffer=False)
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    previous = {number: handler for number, handler in previous.items() if handler != signal.SIG_IGN}
    for number in previous:
        signal.signal(number, interrupt)
    try:
        yield listener
    finally:
        if listener.signalled():
            first = False
            listener.wait_for_children()
            exit_now()
        signal.set_wakeup_fd(previous_pipe)
        for number, handler in previous.items():
            signal.signal(number, handler)
        listener.close()


def _second_interrupt(reader: int, seconds: float) -> bool:
    """Whether Ctrl-C comes again within these seconds; others do not count, as terminals may send both."""
    ready, _, _ = select.select([reader], [], [], seconds)
    return bool(ready) and os.read(reader, 1) == bytes([signal.SIGINT])


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
    servers = ("prefect server", "prefect.server", "flows.runtime.temporary_server")
    return any(server in command for server in servers)


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
