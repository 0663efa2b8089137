"""Raw files as they are read: names that are allowed, progress, and problems in a readable order."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.core.errors import InvalidSettings, Problem
from tasks.text.validation.json_lines import printable

_log = logging.getLogger("podium")
_PROGRESS_SECONDS = 5.0
_SHOWN_OF_A_FILE = 5


def check_name(setting: str, name: str) -> None:
    """Refuse what lies outside the folder or is hidden: the cache's key does not see it.

    Raises:
        InvalidSettings: names `data.<setting>`.
    """
    if not name or Path(name).is_absolute() or any(part.startswith(".") for part in Path(name).parts):
        expected = "the name of a file in data.root that is not hidden"
        raise InvalidSettings(f"data.{setting}: expected {expected}, received {name!r}")


class Reading:
    """Says now and then how far the reading of files is."""

    def __init__(self, total_bytes: int, *, of: str) -> None:
        self.total, self.of, self.bytes, self.lines = total_bytes, of, 0, 0
        self.start = self.last = time.monotonic()

    def read(self, size: int) -> None:
        """One more line, of so many bytes."""
        self.bytes, self.lines = self.bytes + size, self.lines + 1
        now = time.monotonic()
        if now - self.last >= _PROGRESS_SECONDS:
            self.last, spent = now, now - self.start
            left = spent * (self.total - self.bytes) / self.bytes
            rate = f"{self.lines / spent:,.0f}"
            _log.info("%s %s read, %s a second, %.0f s left", f"{self.lines:,}", self.of, rate, left)


def in_turn(problems: list[Problem]) -> list[Problem]:
    """A few of each file before more of any, so that a message that is cut short names all files."""
    seen: Counter[Path | str] = Counter()
    turns = []
    for problem in problems:
        turns.append(seen[problem.file] // _SHOWN_OF_A_FILE)
        seen[problem.file] += 1
    order = sorted(range(len(problems)), key=turns.__getitem__)
    return [problems[position] for position in order]


# FOLDED from tasks/text/notes.py
# Notes on what raw files hold: kinds that are counted, with their first examples.
_EXAMPLES = 5
_LONGEST_EXAMPLE = 120


class Notes:
    """Counts and examples by kind; `messages` says what each kind is, in the order of the notes."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages
        self._numbers: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: str) -> None:
        """Count one more of a kind; the first few are kept to be shown."""
        self._numbers[kind] += 1
        if len(self._examples[kind]) < _EXAMPLES:
            self._examples[kind].append(printable(example, longest=_LONGEST_EXAMPLE))

    def listed(self) -> list[dict[str, Any]]:
        """`{"kind", "message", "examples"}` of each kind that was found."""
        return [
            {
                "kind": kind,
                "message": f"{message}: {self._numbers[kind]:,}",
                "examples": self._examples[kind],
            }
            for kind, message in self._messages.items()
            if self._numbers[kind]
        ]


def quantile(numbers: Counter[int], share: float) -> int:
    """The smallest value that this share of all values does not exceed; 0 of none."""
    needed = share * numbers.total()
    for value in sorted(numbers):
        needed -= numbers[value]
        if needed <= 0:
            return value
    return 0
