"""Run a function in a child process: memory is freed at its end, a crash fails one step, a timeout ends it.

`run` starts `python -m tasks.core.execution.child_process <function> <job file>`. The child reads its job as
JSON from an open file without a name. Its standard output carries messages
(`tasks.core.execution.child_messages`) and whatever libraries print. Its standard input is a pipe from the
parent: when the parent ends for any reason, the pipe closes, and the child kills itself and all processes it
started.
"""

import json
import logging
import os
import re
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
from typing import Any, NamedTuple, NoReturn

from tasks.core import locations
from tasks.core.backends import DEFAULT, VARIABLE
from tasks.core.context import follower
from tasks.core.errors import UserError
from tasks.core.execution import activity, cancellation, stopping
from tasks.core.execution.child_messages import MARK, EpochProgress, Loading, parse, send
from tasks.core.execution.garbage_collection import raise_gc_threshold
from tasks.core.execution.library_loading import tell_of_loading
from tasks.core.files.disk_errors import explained

MODULE = "tasks.core.execution.child_process"
"""The name of this module, also where it runs as the main one."""
LAST_LINES = 30
"""Lines of a failed child that its error message quotes."""
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONHASHSEED": "0",
    "KERAS_NNX_ENABLED": "0",
    # No limits, which would cut predictions short without changing a step's key.
    "KERAS_MAX_EPOCHS": "0",
    "KERAS_MAX_STEPS_PER_EPOCH": "0",
}
"""Variables of every child, whatever the user has set."""

OUT_OF_MEMORY = re.compile(
    r"MemoryError\b|bad_alloc|cannot allocate memory|can't start new thread|failed to map segment",
    re.IGNORECASE,
)
"""How Python and libraries say that the system gave them no memory."""
GOES_ON = (
    "The same command goes on from the last checkpoint. If memory ran out, end other programs, let fewer "
    "steps work at once (PODIUM_SLOTS=1), or choose smaller batches."
)

log = logging.getLogger("podium")


class ChildFailed(Exception):
    """A child process ended without a result; the message quotes its last lines."""


class ChildKilled(ChildFailed, UserError):
    """A signal ended the child, or memory ran out: no fault of the code, so further attempts may succeed."""


class Exit(NamedTuple):
    """How a child ended."""

    code: int
    """Its exit code; negative for a signal."""
    timed_out: bool


def run(
    function: str,
    job: dict[str, Any],
    *,
    label: str,
    environment: dict[str, str] | None = None,
    timeout_seconds: float = 0,
) -> None:
    """Call `module:function` with the job in a new process and wait until it ends.

    Raises:
        Stopped: this process is ending.
        UserError: the child met an error that the user can correct.
        ChildKilled: a signal ended it, or the system gave it no memory.
        ChildFailed: it crashed, or took longer than the timeout (0: none).
        LeftOut: the run has cancelled the step.
    """
    listener = Listener(label)
    with ExitStack() as control:
        exit = attend(
            function,
            job,
            on_line=listener.receive,
            environment=environment,
            timeout_seconds=timeout_seconds,
            on_start=lambda kill: control.enter_context(cancellation.running_child(label, kill)),
        )
    listener.raise_if_failed(exit)


def attend(
    function: str,
    job: dict[str, Any],
    *,
    on_line: Callable[[str], None],
    environment: Mapping[str, str | None] | None = None,
    timeout_seconds: float = 0,
    on_start: Callable[[Callable[[], None]], object] = lambda kill: None,
) -> Exit:
    """Start a child, pass each of its lines on as it comes, and wait until it ends.

    Args:
        function: `module:function`, called with the job.
        job: JSON.
        on_line: called with each line; an exception that it raises kills the child.
        environment: variables over those of this process; None removes one.
        timeout_seconds: the child is killed after this time; 0: never.
        on_start: called with a function that kills the child from another thread.

    Raises:
        Stopped: this process is ending, and starts no child.
    """
    stopping.raise_if_stopping()
    variables: dict[str, str | None] = {
        **os.environ,
        **ENVIRONMENT,
        **_own_competitions(),
        **(environment or {}),
    }
    # else Keras would take the backend from a file in the user's home
    variables[VARIABLE] = variables.get(VARIABLE) or DEFAULT
    with tempfile.TemporaryFile() as file:  # without a name, so that a kill leaves nothing
        file.write(json.dumps(job, ensure_ascii=False).encode())
        file.flush()
        child = subprocess.Popen(
            [sys.executable, "-m", MODULE, function, str(file.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parents[3],
            env={name: value for name, value in variables.items() if value is not None},
            start_new_session=True,
            pass_fds=(file.fileno(),),
        )
        with _killed_at_end(child), _timeout(child, timeout_seconds) as timed_out:
            on_start(lambda: _kill(child))
            assert child.stdout is not None
            for line in child.stdout:
                on_line(line.decode(errors="replace").rstrip())
            code = child.wait()
        return Exit(code, timed_out.is_set())


def _own_competitions() -> dict[str, str]:
    """The variable that names the folders of competitions of one's own to a child, which starts elsewhere.

    A path that it cannot hold is not named; in a checkout a child finds `competitions` by itself.
    """
    folders = list(map(str, locations.competitions_folders()))
    can_be_named = folders and not any(os.pathsep in folder for folder in folders)
    return {"PODIUM_COMPETITIONS": os.pathsep.join(folders)} if can_be_named else {}


class Listener:
    """Logs a child's messages, records its progress, and keeps its last lines for an error message."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._user_error: UserError | None = None

    def receive(self, line: str) -> None:
        """Take a line of the child's output."""
        other_output, mark, fields = line.partition(MARK)  # a library may have left its line unfinished
        if other_output or not mark:
            self._last_lines.append(other_output)
            log.debug("%s", other_output)
        if not mark:
            return
        message = parse(fields)
        if isinstance(message, UserError):
            self._user_error = message
            return
        if isinstance(message, Loading):
            log.log(logging.INFO if activity.load(message.loads) else logging.DEBUG, "%s", message.text())
            return
        text = message if isinstance(message, str) else message.text()
        self._last_lines.append(text)
        if isinstance(message, str):
            log.info("%s", text)
        else:
            log.info("%s", text, extra=activity.report(message))
        if isinstance(message, EpochProgress):
            report_epoch(self._label, message)

    def raise_if_failed(self, exit: Exit) -> None:
        """Raise what `run` raises for a child that ended so; nothing for code 0."""
        if exit.code == 0:
            return
        stopping.raise_if_stopping()
        cancellation.raise_if_cancelled(self._label)
        if self._user_error is not None:
            raise self._user_error
        tail = "\n".join(self._last_lines)
        if exit.timed_out:
            raise ChildFailed(f"{self._label}: took longer than its limit and was ended; last lines:\n{tail}")
        killed = exit.code < 0
        how = f"was killed by {_signal_name(-exit.code)}" if killed else f"ended with code {exit.code}"
        hint = " (the kernel does this when memory runs out)" if exit.code == -signal.SIGKILL else ""
        lines = f"{self._label}: its process {how}{hint}; last lines:\n{tail}"
        failure = ChildFailed(lines)
        if (killed or OUT_OF_MEMORY.search(tail)) and explained(failure) is None:
            raise ChildKilled(f"{lines}\n{GOES_ON}")
        raise failure


def report_epoch(label: str, progress: EpochProgress) -> None:
    """Give an epoch of the step's child to the run control and to the follower of this thread, if any."""
    cancellation.record_progress(label, progress)
    if follow := follower.get():
        follow(progress)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have none
        return f"signal {number}"


@contextmanager
def _killed_at_end(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Kill the child and all it started when the block is left, and wait for its end."""
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
def _timeout(child: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill the child after this time (0: never); yields an event that is set when that happens."""
    timed_out = threading.Event()

    def end() -> None:
        timed_out.set()
        _kill(child)

    timer = threading.Timer(seconds, end) if seconds else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield timed_out
    finally:
        if timer:
            timer.cancel()


def _die_with_parent() -> None:
    """Kill this process and its children when standard input closes."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def restart() -> NoReturn:
    """Start this child process anew, with the same job and all memory free; its parent notices nothing.

    Raises:
        RuntimeError: this process is none.
    """
    if MODULE not in sys.orig_argv:
        raise RuntimeError(f"expected a process of {MODULE}, received {sys.orig_argv}")
    sys.stdout.flush()
    os.execv(sys.executable, sys.orig_argv)


def main() -> None:
    """Entry point of the child process: `<module:function> <number of the open job file>`."""
    raise_gc_threshold()
    _die_with_parent()
    function, job_file = sys.argv[1:]
    module, name = function.split(":")
    tell_of_loading(lambda what: send(Loading(what)))
    try:
        getattr(import_module(module), name)(_job(int(job_file)))
    except Exception as error:
        if (mistake := error if isinstance(error, UserError) else explained(error)) is None:
            raise
        send(mistake)
        os._exit(2)
    sys.stdout.flush()
    os._exit(0)  # TensorFlow's threads take seconds to end and hold nothing that must be saved


def _job(file: int) -> Any:
    """The job in an open file, which stays open for a process that starts anew."""
    with open(file, "rb", closefd=False) as opened:
        opened.seek(0)
        return json.loads(opened.read())


if __name__ == "__main__":
    main()
