"""Errors that the user can correct, as types of their own.

The command line prints a `UserError` as one message without a traceback and exits with 2;
any other exception keeps its traceback and exits with 1.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from tasks.core.printable import printable

MOST_LISTED = 20
"""Problems that a message lists before it counts the others."""
Item = TypeVar("Item")


def some(items: Sequence[Item], line: Callable[[Item], str]) -> list[str]:
    """A line for each of the first items, and one with the number of the others."""
    lines = [line(item) for item in items[:MOST_LISTED]]
    more = len(items) - len(lines)
    return [*lines, f"… and {more:,} more"] if more else lines


class UserError(Exception):
    """Something outside the code is wrong; the message says what, and how to correct it."""


class InvalidSettings(UserError):
    """A setting is unknown, of the wrong type, out of bounds, or excluded by another."""


class MissingWeights(UserError):
    """Pretrained weights are missing, or do not fit their network."""


class InvalidSubmission(UserError):
    """A submission file breaks a rule of its competition."""


class Problem(NamedTuple):
    """A problem of a file: its place, what was expected, and what was received."""

    file: Path | str
    line: int | None
    expected: str
    received: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        return printable(f"{place}: expected {self.expected}, received {self.received}")


class InvalidData(UserError):
    """Raw files of a competition cannot be used; the message lists problems with file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(some(self.problems, str)))
