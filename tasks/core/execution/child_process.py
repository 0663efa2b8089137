"""Long work in a child process of its own: memory returns, a crash fails one step, a timeout ends it.

`run` starts `python -m tasks.core.execution.child_process <function> <job file>`. The child reads its job as JSON, and its
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
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.context import following
from tasks.core.errors import UserError
from tasks.core.execution import run_control
from tasks.core.execution.messages import MARK, collect_seldom, send

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
    listener = Listener(label)
    with ExitStack() as watch:
        ended = attend(
            function,
            job,
            hear=listener.hear,
            environment=environment,
            timeout_seconds=timeout_seconds,
            started=lambda kill: watch.enter_context(run_control.over(label, kill)),
        )
    listener.conclude(ended)


class Ended(NamedTuple):
    """How a child ended: its exit code, negative for a signal, and whether the limit was why."""

    code: int
    timed_out: bool


def attend(
    function: str,
    job: dict[str, Any],
    *,
    hear: Callable[[str], None],
    environment: Mapping[str, str | None] | None = None,
    timeout_seconds: float = 0,
    started: Callable[[Callable[[], None]], object] = lambda kill: None,
) -> Ended:
    """Start a child, hand on each of its lines as it comes, and wait for its end.

    Args:
        function: `module:function`, called with the job.
        job: JSON.
        hear: is given the lines; what it raises ends the child.
        environment: variables over those of this process; None takes one away.
        timeout_seconds: the child is ended after this long; 0: never.
        started: is given a function that ends the child from another thread.
    """
    variables: dict[str, str | None] = {**os.environ, **SILENT, **(environment or {})}
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(job, file, ensure_ascii=False)
        file.flush()
        child = subprocess.Popen(
            [sys.executable, "-m", "tasks.core.execution.child_process", function, file.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parents[3],
            env={name: value for name, value in variables.items() if value is not None},
            start_new_session=True,
        )
        with _ended(child), _limit(child, timeout_seconds) as overrun:
            started(lambda: _kill(child))
            assert child.stdout is not None
            for line in child.stdout:
                hear(line.decode(errors="replace").rstrip())
            code = child.wait()
        return Ended(code, overrun.is_set())


class Listener:
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
            run_control.told(self.label, message["text"])
            if follow := following.get():
                follow(message["text"])

    def conclude(self, ended: Ended) -> None:
        """Return if the child ended well.

        Raises:
            UserError, ChildFailed, LeftOut: as `run` does.
        """
        if ended.code == 0:
            return
        run_control.insist(self.label)
        if self.mistake is not None:
            raise UserError(self.mistake)
        tail = "\n".join(self.last)
        if ended.timed_out:
            raise ChildFailed(f"{self.label}: took longer than its limit and was ended; last lines:\n{tail}")
        killed = ended.code < 0
        how = f"was killed by {_signal_name(-ended.code)}" if killed else f"ended with code {ended.code}"
        hint = " (the kernel does this when memory runs out)" if ended.code == -signal.SIGKILL else ""
        raise ChildFailed(f"{self.label}: its process {how}{hint}; last lines:\n{tail}")


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


def _die_with_parent() -> None:
    """End this process and its children when the lifeline closes."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Entry of the child."""
    collect_seldom()
    _die_with_parent()
    function, job_file = sys.argv[1:]
    job = json.loads(Path(job_file).read_text("utf-8"))
    module, name = function.split(":")
    try:
        getattr(import_module(module), name)(job)
    except UserError as error:
        send({"mistake": str(error)})
        os._exit(2)
    sys.stdout.flush()
    os._exit(0)  # TensorFlow's threads take seconds to end and hold nothing worth keeping


if __name__ == "__main__":
    main()
