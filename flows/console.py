"""What the user sees: messages on stderr, compact logs, exit codes.

0: done; 1: an internal error, with its traceback; 2: an error the user can fix; 130: interrupted.
"""

import functools
import io
import logging
import re
import shlex
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from flows.runtime.stop_signals import EXIT_CODE, ending_children_on_signal
from tasks.core.errors import UserError
from tasks.core.files.disk_errors import explained
from tasks.core.log_records import clean_records
from tasks.core.masking import masked
from tasks.core.printable import printable, printable_lines

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

INFO_LOGGERS = ("prefect.flow_runs", "prefect.task_runs", "podium")
"""Loggers whose INFO records are shown; other loggers show warnings and above."""


def escape_unprintable() -> None:
    """Print characters that the terminal's encoding does not have as escapes, as in `\\u2014`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: object) -> None:
    """Print a result on stdout.

    Commands print with this and `inform` alone: a terminal shows what files and other programs named as text,
    and no password of an address. Parts that must stay on their line are `printable`, as those of `aligned`.
    """
    print(masked(printable_lines(str(text))), flush=True)


def inform(text: str) -> None:
    """Print a message on stderr, so that stdout holds results only."""
    print(f"podium: {masked(printable_lines(text))}", file=sys.stderr, flush=True)


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
        @functools.cache
        def announce() -> None:
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


def show_logs() -> None:
    """Show logs in a compact form instead of Prefect's; its UI receives the same records as before.

    Call it after Prefect is imported, as the import sets up the root logger. A higher PREFECT_LOGGING_LEVEL
    would silence the console too, but also keep records from the UI.
    """
    clean_records()
    root = logging.getLogger()
    root.handlers[:] = [CompactHandler()]
    root.setLevel(logging.WARNING)
    for name in INFO_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)


class CompactHandler(logging.Handler):
    """Writes time, task and message on one line; tracebacks appear in the UI and at the command's end."""

    def __init__(self) -> None:
        from rich.console import Console

        super().__init__()
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)

    def filter(self, record: logging.LogRecord) -> bool:
        repeated = record.getMessage().startswith("Finished in state Failed")  # the error came just before
        return not repeated and (record.levelno >= logging.WARNING or record.name.startswith(INFO_LOGGERS))

    def emit(self, record: logging.LogRecord) -> None:
        from rich.text import Text

        style = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}.get(record.levelname, "")
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        try:
            text = Text.assemble(
                (time, "dim"), " ", (_source(record), "cyan"), " ", (_message(record), style)
            )
            self.console.print(text)
        except Exception:
            self.handleError(record)


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


def _message(record: logging.LogRecord) -> str:
    """The message without Prefect's additions; of an error the first line, as the rest comes at the end."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and record.name.startswith("prefect."):
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return f"failed: {masked(printable(first))}"
    message = record.getMessage()
    if state := re.match(r"Finished in state (\w+)\(", message):
        return {"LeftOut": "left out", "NotReady": "not ready"}.get(state[1], state[1].lower())
    return message
