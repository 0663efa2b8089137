"""Errors a person can mend, told apart from faults of ours by their type.

The command line prints a `UserError` as one message without a traceback and exits with 2;
any other exception keeps its traceback and exits with 1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class UserError(Exception):
    """Something outside the code is wrong, and the message says what and how to mend it."""


class InvalidSettings(UserError):
    """A setting is unknown, of the wrong type, out of bounds, or does not go with another."""


class MissingWeights(UserError):
    """Pretrained weights cannot be had, or do not fit the network they are meant for."""


class InvalidSubmission(UserError):
    """A submission file breaks a rule of its competition."""


class Problem(NamedTuple):
    """One thing wrong with a file: where, what was expected, and what came."""

    file: Path | str
    line: int | None
    expected: str
    received: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line is not None else str(self.file)
        return f"{place}: expected {self.expected}, received {self.received}"


class InvalidData(UserError):
    """Raw files of a competition cannot be used; lists each problem with its file and line."""

    shown = 20

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[: self.shown]]
        if len(self.problems) > self.shown:
            lines.append(f"… and {len(self.problems) - self.shown} more")
        super().__init__("\n".join(lines))
