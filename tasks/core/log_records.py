"""Records of the log that every handler, of the terminal and of Prefect, can show as they are."""

import logging
from typing import Any

from tasks.core.masking import masked
from tasks.core.printable import printable, printable_lines

OURS = "podium"
"""Logger whose format strings are this code's own: what it puts into them is data, and stays on its line."""

_make = logging.LogRecord


def clean_records() -> None:
    """Let all records of this process have printable messages without passwords, wherever they come from."""
    logging.setLogRecordFactory(_clean_record)


def _clean_record(*arguments: Any, **keywords: Any) -> logging.LogRecord:
    record = _make(*arguments, **keywords)
    if record.name.partition(".")[0] == OURS and isinstance(record.args, tuple):
        record.args = tuple(printable(each) if isinstance(each, str) else each for each in record.args)
    try:
        message = record.getMessage()
    except Exception:  # its handler reports arguments that do not fit
        return record
    if (cleaned := _cleaned(message)) != message:
        record.msg, record.args = cleaned, None
    if record.exc_info:
        trace = logging.Formatter().formatException(record.exc_info)
        if (cleaned := _cleaned(trace)) != trace:
            record.exc_text = cleaned  # formatters show it in place of the exception
    return record


def _cleaned(text: str) -> str:
    return masked(printable_lines(text))
