"""Standard output and error, whatever they lead to: a closed number, a pipe that nobody reads, a full disk.

What nobody reads any more is lost, and the work goes on, as under `podium run … | head` and
`podium serve 2>&1 | tee log`. Results that have no room are an error of the user's; messages are lost there.
"""

import errno
import io
import os
import sys
from typing import Any

from tasks.core.errors import UserError

STDOUT, STDERR = 1, 2
GONE = (errno.EPIPE, errno.EIO)
"""Errors of a pipe whose reader, and of a terminal that, is gone."""


class _Output(io.FileIO):
    """The file of a stream's number, which stays open. After an error all that follows is lost."""

    def __init__(self, number: int, *, has_results: bool) -> None:
        """With results, a lack of room is an error; without, they are messages."""
        super().__init__(number, "wb", closefd=False)
        self._has_results = has_results

    def write(self, data: Any) -> int:
        """Write what there is room for; returns the number of bytes.

        Raises:
            UserError: results have no room.
        """
        try:
            return super().write(data)
        except OSError as error:
            _lead_to_nothing(self.fileno())
            if self._has_results and error.errno not in GONE:
                received = os.strerror(error.errno or 0).lower()
                raise UserError(
                    f"standard output: expected room for the results, received “{received}”"
                ) from None
            return len(data)


def open_streams() -> None:
    """Make `sys.stdout` and `sys.stderr` streams that print all texts, whatever they lead to.

    Numbers that the shell has closed (`2>&-`) are opened as the null device. Else `print` sends messages for
    stderr to stdout, and a file that is opened next takes the number, and what libraries print. Characters
    that the stream's encoding does not have are printed as escapes, as in `\\u2014`.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which takes the lowest number that is free
    for name, number in (("stdout", STDOUT), ("stderr", STDERR)):
        stream = getattr(sys, name)
        if stream is None or (isinstance(stream, io.TextIOWrapper) and _number(stream) == number):
            if stream is not None:
                stream.flush()
            encoding = stream.encoding if stream is not None else "utf-8"
            setattr(sys, name, opened(number, encoding, has_results=number == STDOUT))


def opened(number: int, encoding: str, *, has_results: bool) -> io.TextIOWrapper:
    """A stream to an open number; what has no room is an error if it has results, else lost."""
    return io.TextIOWrapper(
        io.BufferedWriter(_Output(number, has_results=has_results)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=not has_results or os.isatty(number),
    )


def _number(stream: io.TextIOWrapper) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):  # a stream in memory, or a closed one
        return None


def _lead_to_nothing(number: int) -> None:
    """Let the number lead to the null device, for what is still to be written, by children too."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)
