"""What a person sees: messages on stderr, compact logs, exit codes.

0 done, 1 a fault of ours with its traceback, 2 something the person can mend, 130 interrupted.
"""

import functools
import logging
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from flows.runtime.signals import EXIT_CODE, watching
from tasks.core.errors import UserError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

SHOWN = ("prefect.flow_runs", "prefect.task_runs", "podium")
"""Loggers whose INFO records are shown; of others, warnings and worse."""


def say(text: str) -> None:
    """One message on stderr, so that stdout holds results only."""
    print(f"podium: {text}", file=sys.stderr, flush=True)


def guarded(command: Callable[Arguments, Result], *, resumes: bool = False) -> Callable[Arguments, Result]:
    """The command with our exit codes.

    Args:
        command: does the work.
        resumes: the same command goes on where it was interrupted; say so.
    """

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        @functools.cache
        def say_goodbye() -> None:
            say(_interrupted(resumes))

        with watching(say_goodbye) as interruption:
            try:
                return command(*args, **kwargs)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt) or interruption.happened():
                    say_goodbye()
                    raise SystemExit(EXIT_CODE) from None
                if isinstance(error, UserError):
                    say(str(error))
                    raise SystemExit(2) from None
                raise

    return run


def _interrupted(resumes: bool) -> str:
    if not resumes:
        return "interrupted"
    command = shlex.join(["podium", *sys.argv[1:]])
    kept = "finished steps and checkpoints are kept. The same command goes on from there"
    return f"interrupted; {kept}:\n  {command}"


def aligned(rows: Iterable[Sequence[object]], *, gap: str = "  ") -> str:
    """Rows as columns of equal width; the last column runs free."""
    cells = [[str(cell) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[i]) for row in cells if i < len(row) - 1), default=0) for i in range(columns)]
    lines = (gap.join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def show_logs() -> None:
    """Show logs in a compact form in place of Prefect's; what its UI receives stays as it is.

    Call it after Prefect is imported, for the import sets up the root logger. A higher
    PREFECT_LOGGING_LEVEL would silence the console too, but also empty the UI.
    """
    root = logging.getLogger()
    root.handlers[:] = [CompactHandler()]
    root.setLevel(logging.WARNING)
    for name in SHOWN:
        logging.getLogger(name).setLevel(logging.INFO)


class CompactHandler(logging.Handler):
    """Time, task, message on one line; tracebacks are left to the UI and the command's end."""

    def __init__(self) -> None:
        from rich.console import Console

        super().__init__()
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)

    def filter(self, record: logging.LogRecord) -> bool:
        told = record.getMessage().startswith("Finished in state Failed")  # with its error, just before
        return not told and (record.levelno >= logging.WARNING or record.name.startswith(SHOWN))

    def emit(self, record: logging.LogRecord) -> None:
        from rich.text import Text

        style = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}.get(record.levelname, "")
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        try:
            text = Text.assemble(
                (time, "dim"), " ", (_speaker(record), "cyan"), " ", (_message(record), style)
            )
            self.console.print(text)
        except Exception:
            self.handleError(record)


def _speaker(record: logging.LogRecord) -> str:
    """The task run or flow run that speaks, else the logger."""
    for attribute in ("task_run_name", "flow_run_name"):
        name = getattr(record, attribute, None)
        if name and name != "<unknown>":
            return str(name)
    return _running_task() or record.name


def _running_task() -> str | None:
    """Library loggers do not say whose they are; Prefect's context knows."""
    context: Any = sys.modules.get("prefect.context")
    run = context and context.TaskRunContext.get()
    return run.task_run.name if run else None


def _message(record: logging.LogRecord) -> str:
    """The message without what Prefect adds to it; an error's text comes once, at the end."""
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and record.name.startswith("prefect."):
        return f"failed: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
    message = record.getMessage()
    if state := re.match(r"Finished in state (\w+)\(", message):
        return {"LeftOut": "left out", "NotReady": "not ready"}.get(state[1], state[1].lower())
    return message
