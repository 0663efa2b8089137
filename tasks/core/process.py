"""Long work in a child process of its own: memory returns, a crash fails one step, a timeout ends it.

`run` starts `python -m tasks.core.process <function> <job file>`. The child reads its job as JSON, and its
standard output carries two kinds of line: messages of `tell` (progress and logs, after a control
character), and anything else a library prints. Its standard input is a lifeline: when the parent dies,
however it dies, the pipe closes and the child ends itself with all it started.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from tasks.core import watching
from tasks.core.errors import UserError
from tasks.core.running import following

MARK = "\x1e"
LAST_LINES = 30
SILENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONHASHSEED": "0",
}

log = logging.getLogger("podium")


class ChildFailed(Exception):
    """A child process ended without a result; the message carries its last lines."""


def run(
    function: str,
    job: dict[str, Any],
    *,
    label: str,
    environment: dict[str, str] | None = None,
    timeout_seconds: float = 0,
) -> None:
    """Call `module:function` with the job in a fresh process and wait for its end.

    Raises:
        UserError: the child met something a person can mend.
        ChildFailed: it crashed, was killed, or took longer than the limit (0: none).
        LeftOut: the run has no time for the step any more.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(job, file, ensure_ascii=False)
        file.flush()
        child = subprocess.Popen(
            [sys.executable, "-m", "tasks.core.process", function, file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, **SILENT, **(environment or {})},
            start_new_session=True,
        )
        alive, limit = _ended(child), _limit(child, timeout_seconds)
        with alive, limit as overrun, watching.over(label, lambda: _kill(child)):
            listener = _Listener(label)
            assert child.stdout is not None
            for line in child.stdout:
                listener.hear(line.decode(errors="replace").rstrip())
            code = child.wait()
        _raise_failure(label, code, listener, timed_out=overrun.is_set())


class _Listener:
    """Passes a child's lines on to the log and keeps the last ones for its failure."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.last: deque[str] = deque(maxlen=LAST_LINES)
        self.mistake: str | None = None

    def hear(self, line: str) -> None:
        chatter, mark, told = line.partition(MARK)  # a library may have left its line unfinished
        if chatter or not mark:
            self.last.append(chatter)
            log.debug("%s", chatter)
        if not mark:
            return
        message = json.loads(told)
        if "mistake" in message:
            self.mistake = message["mistake"]
        else:
            self.last.append(message["text"])
            log.info("%s", message["text"])
            watching.told(self.label, message["text"])
            if follow := following.get():
                follow(message["text"])


def _raise_failure(label: str, code: int, listener: _Listener, *, timed_out: bool) -> None:
    if code == 0:
        return
    watching.insist(label)
    if listener.mistake is not None:
        raise UserError(listener.mistake)
    tail = "\n".join(listener.last)
    if timed_out:
        raise ChildFailed(f"{label}: took longer than its limit and was ended; last lines:\n{tail}")
    how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"
    hint = " (the kernel does this when memory runs out)" if code == -signal.SIGKILL else ""
    raise ChildFailed(f"{label}: its process {how}{hint}; last lines:\n{tail}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have none
        return f"signal {number}"


@contextmanager
def _ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """However the block is left, the child and all it started are gone."""
    try:
        yield
    finally:
        _kill(child)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def _kill(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


@contextmanager
def _limit(child: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    overrun = threading.Event()

    def end() -> None:
        overrun.set()
        _kill(child)

    timer = threading.Timer(seconds, end) if seconds else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield overrun
    finally:
        if timer:
            timer.cancel()


def tell(text: str) -> None:
    """Send one line to the parent's log (printed plainly when there is no parent)."""
    _send({"text": text})


def _send(message: dict[str, str]) -> None:
    sys.stdout.write(f"{MARK}{json.dumps(message, ensure_ascii=False)}\n")
    sys.stdout.flush()


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


def _die_with_parent() -> None:
    """End this process and its children when the lifeline closes."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Entry of the child."""
    _die_with_parent()
    function, job_file = sys.argv[1:]
    job = json.loads(Path(job_file).read_text("utf-8"))
    module, name = function.split(":")
    try:
        getattr(import_module(module), name)(job)
    except UserError as error:
        _send({"mistake": str(error)})
        os._exit(2)
    sys.stdout.flush()
    os._exit(0)  # TensorFlow's threads take seconds to end and hold nothing worth keeping


if __name__ == "__main__":
    main()
