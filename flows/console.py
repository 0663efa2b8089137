"""What the user sees: messages on stderr, compact logs, exit codes.

0: done; 1: an internal error, with its traceback; 2: an error the user can fix; 130: interrupted. README.md
lists them.
"""

import functools
import logging
import os
import re
import shlex
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Literal, ParamSpec, TypeVar

from flows.humanize import about
from flows.runtime.stop_signals import EXIT_CODE, ending_children_on_signal
from tasks.core.errors import UserError
from tasks.core.execution import stopping
from tasks.core.execution.activity import PROGRESS, Activity, finished
from tasks.core.execution.child_messages import TECHNICAL, EpochProgress
from tasks.core.files.disk_errors import explained
from tasks.core.log_records import OURS, clean_records
from tasks.core.masking import masked
from tasks.core.printable import printable, printable_lines

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

FLOW_RUNS, TASK_RUNS = "prefect.flow_runs", "prefect.task_runs"
INFO_LOGGERS = (FLOW_RUNS, TASK_RUNS, OURS)
"""Loggers whose INFO records are shown; other loggers show warnings and above."""
REPEATED = (
    "Finished in state Failed",
    "Finished in state NotReady",
    "Encountered exception during execution",
)
"""How Prefect's messages on a failure begin after the first, which is that of the step."""
PROGRESS_SECONDS = 5.0
"""Lines of progress of one step come at least this far apart."""
REASON_SECONDS = 5.0
"""A command that ends with the reason of a failure says it before only if its run goes on for so long."""
LASTING_SECONDS = 5.0
"""The end of a step that worked for this long is a line beside a live display."""
Verbosity = Literal["quiet", "normal", "verbose"]
verbosity: ContextVar[Verbosity] = ContextVar("verbosity", default="normal")
"""How much of a run is shown: warnings and errors alone, what stays worth reading, or all there is."""


def say(text: object) -> None:
    """Print a result on stdout.

    Commands print with this and `inform` alone: a terminal shows what files and other programs named as text,
    and no password of an address. Parts that must stay on their line are `printable`, as those of `aligned`.
    """
    print(masked(printable_lines(str(text))), flush=True)


def inform(text: str) -> None:
    """Print a message on stderr, so that stdout holds results only."""
    print(f"podium: {masked(printable_lines(text))}", file=sys.stderr, flush=True)


def note(text: str) -> None:
    """Print a message on stderr, unless only warnings and errors are wanted."""
    if verbosity.get() != "quiet":
        inform(text)


def show_traceback() -> None:
    """Print the traceback of the exception that is being handled on stderr."""
    print(masked(printable_lines(traceback.format_exc())), end="", file=sys.stderr, flush=True)


def with_exit_codes(
    command: Callable[Arguments, Result], *, resumes: bool = False
) -> Callable[Arguments, Result]:
    """Wrap a command so that it ends with Podium's exit codes, and its children end with it.

    With `resumes`, the same command continues where it was interrupted, as the message then says.
    """

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        once = threading.Lock()

        def announce() -> None:
            if once.acquire(blocking=False):
                inform(_interruption_message(resumes))

        with ending_children_on_signal(announce) as listener:
            try:
                return command(*args, **kwargs)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt) or listener.signalled():
                    announce()
                    raise SystemExit(EXIT_CODE) from None
                if found := error if isinstance(error, UserError) else explained(error):
                    inform(str(found))
                    raise SystemExit(2) from None
                raise

    return run


def _interruption_message(resumes: bool) -> str:
    if not resumes:
        return "interrupted"
    command = shlex.join(["podium", *sys.argv[1:]])
    return f"interrupted; finished steps and checkpoints are kept. The same command continues:\n  {command}"


def aligned(rows: Iterable[Sequence[object]], *, gap: str = "  ") -> str:
    """Rows as text with aligned columns, each on its line; the last column is not padded.

    >>> print(aligned([("step", "state"), ("load", "cached")]))
    step  state
    load  cached
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[i]) for row in cells if i < len(row) - 1), default=0) for i in range(columns)]
    lines = (gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def show_logs() -> "CompactHandler":
    """Show logs in a compact form instead of Prefect's; its UI receives the same records as before.

    Call it after Prefect is imported, as the import sets up the root logger. A higher PREFECT_LOGGING_LEVEL
    would silence the console too, but also keep records from the UI.
    """
    clean_records()
    root, handler = logging.getLogger(), CompactHandler(verbosity.get())
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in INFO_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    if verbosity.get() == "verbose":
        logging.getLogger(OURS).setLevel(logging.DEBUG)
    return handler


class CompactHandler(logging.Handler):
    """Writes time, task and message on one line; tracebacks appear in the UI and at the command's end.

    Lines of progress come at most every few seconds from each step. Beside a live display there are only the
    lines that stay worth reading: no progress, no short step, no step that was cached.
    """

    def __init__(self, verbosity: Verbosity = "normal") -> None:
        from rich.console import Console

        super().__init__()
        self.console = Console(
            stderr=True,
            soft_wrap=True,
            highlight=False,
            force_terminal=None if os.environ.get("TERM") else False,
            color_system=None if os.environ.get("NO_COLOR") else "auto",
        )
        self._verbosity = verbosity
        self._progress_at: dict[str, float] = {}
        self._reasons: list[tuple[logging.LogRecord, str, str]] = []
        """Failures whose reasons were not said: the records, of which steps, and why."""
        self._holds_reasons = False
        self._on_end: Callable[[str, str], None] | None = None

    @property
    def can_be_live(self) -> bool:
        """Whether lines can be written again, on a terminal, and are wanted."""
        is_terminal = self.console.is_interactive and not self.console.is_dumb_terminal
        return is_terminal and sys.stderr.isatty() and self._verbosity != "quiet"

    @contextmanager
    def holding_reasons(self) -> Iterator[None]:
        """Within the block, say why a step failed where the run goes on: the command says what leaves it."""
        self._holds_reasons = True
        try:
            yield
        except BaseException:
            self._reasons.clear()
            raise
        finally:
            self._holds_reasons = False
            self._say_reasons(until=float("inf"))

    @contextmanager
    def beside_display(self, on_end: Callable[[str, str], None]) -> Iterator[None]:
        """Within the block, a display shows what steps do; `on_end` takes each one's name and last state."""
        self._on_end = on_end
        try:
            yield
        finally:
            self._on_end = None

    def filter(self, record: logging.LogRecord) -> bool:
        if self._on_end and record.name == TASK_RUNS and (state := _end_state(record)):
            self._on_end(_source(record), state)
        if record.name.startswith("prefect.") and (stopping.is_stopping() or _is_repeated(record)):
            return False
        if record.levelno >= logging.WARNING:
            return True
        if not record.name.startswith(INFO_LOGGERS) or self._verbosity == "quiet":
            return False
        if self._verbosity == "verbose":
            return True
        return self._stays_worth_reading(record) if self._on_end else self._is_due(record)

    def _is_due(self, record: logging.LogRecord) -> bool:
        """Whether the step's last line of progress is old enough for this one, or it is its last epoch."""
        progress, source = getattr(record, PROGRESS, None), _source(record)
        if progress is None:
            return True
        is_last = isinstance(progress, EpochProgress) and progress.epoch == progress.total
        if not is_last and record.created - self._progress_at.get(source, 0.0) < PROGRESS_SECONDS:
            return False
        self._progress_at[source] = record.created
        return True

    @staticmethod
    def _stays_worth_reading(record: logging.LogRecord) -> bool:
        if state := _end_state(record):
            ended = finished(_source(record)) if state == "completed" else None
            return state not in ("completed", "cached") or (
                ended is not None and ended.worked_seconds >= LASTING_SECONDS
            )
        is_passing = hasattr(record, PROGRESS) or record.getMessage().startswith(TECHNICAL)
        return not is_passing and record.name != FLOW_RUNS

    def handle(self, record: logging.LogRecord) -> bool:
        """Write the record, if it passes the filter, after reasons of failures that are due."""
        self._say_reasons(until=record.created - REASON_SECONDS)
        return bool(super().handle(record))

    def _say_reasons(self, until: float) -> None:
        """Say why the steps failed that did so until this time."""
        self.acquire()
        try:
            while self._reasons and self._reasons[0][0].created <= until:
                record, source, reason = self._reasons.pop(0)
                self._write(record, source, f"failed: {reason}")
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        source, message = _source(record), _message(record, with_figures=self._on_end is not None)
        if reason := _reason(record):
            message = "failed" if self._holds_reasons else f"failed: {reason}"
            if self._holds_reasons:
                self._reasons.append((record, source, reason))
        self._write(record, source, message)

    def _write(self, record: logging.LogRecord, source: str, message: str) -> None:
        from rich.text import Text

        style = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}.get(record.levelname, "")
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        try:
            text = Text.assemble((time, "dim"), " ", (source, "cyan"), (" | ", "dim"), (message, style))
            self.console.print(text)
        except Exception:
            self.handleError(record)


def _is_repeated(record: logging.LogRecord) -> bool:
    """Whether it says again that a step failed: the step itself, one that depends on it, or the flow.

    Of a temporary server, that the run has a page is no news either: it has no pages.
    """
    message = record.getMessage()
    if message.startswith("View at "):
        from flows.runtime import temporary_server

        return temporary_server.is_reserved(os.environ.get("PREFECT_API_URL"))
    return message.startswith(REPEATED)


def _source(record: logging.LogRecord) -> str:
    """The name of the task run or flow run that logged the record, else of the logger."""
    for attribute in ("task_run_name", "flow_run_name"):
        name = getattr(record, attribute, None)
        if name and name != "<unknown>":
            return printable(str(name))
    return _running_task() or record.name


def _running_task() -> str | None:
    """The task run in Prefect's context, as records of library loggers do not name it."""
    context: Any = sys.modules.get("prefect.context")
    run = context and context.TaskRunContext.get()
    return run.task_run.name if run else None


def _message(record: logging.LogRecord, *, with_figures: bool) -> str:
    """The message without Prefect's additions."""
    state = _end_state(record)
    if state == "completed" and (ended := finished(_source(record))):
        return _completed_text(ended, with_figures=with_figures)
    return state or record.getMessage()


def _reason(record: logging.LogRecord) -> str:
    """Why a step failed, if the record says so: the first line, as the rest comes at the command's end."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None or not record.name.startswith("prefect."):
        return ""
    return masked(printable(str(error).splitlines()[0] if str(error) else type(error).__name__))


def _end_state(record: logging.LogRecord) -> str | None:
    """The state in which a run of Prefect has ended, if the record says so: `completed`, `left out`, …"""
    found = re.match(r"Finished in state (\w+)\(", record.getMessage())
    name = found and {"LeftOut": "left out", "NotReady": "not begun"}.get(found[1], found[1].lower())
    return name or None


def _completed_text(step: Activity, *, with_figures: bool) -> str:
    """How long a step worked, if that is worth a word, and perhaps the figures that it reported last."""
    if step.worked_seconds < LASTING_SECONDS:
        return "completed"
    text = f"completed in {about(step.worked_seconds)}"
    return (
        f"{text}: {step.progress.figures_text()}"
        if with_figures and isinstance(step.progress, EpochProgress)
        else text
    )
