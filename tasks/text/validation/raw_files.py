"""Raw files while they are read: allowed names, progress, the order of problems, and notes on contents."""

import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from tasks.core.competition import Part
from tasks.core.dataset import note
from tasks.core.errors import InvalidSettings, Problem
from tasks.core.execution import activity
from tasks.core.execution.child_messages import RecordProgress
from tasks.text.dataset_files import PARTS
from tasks.text.validation.json_lines import printable

CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
EMOJI = re.compile("[\U0001f000-\U0001faff]")
_LENGTHS = {"median length": 0.5, "length of 9 in 10": 0.9, "length of 99 in 100": 0.99, "longest": 1.0}
_PROGRESS_SECONDS = 5.0
_SHOWN_OF_A_FILE = 5
_EXAMPLES = 5
_LONGEST_EXAMPLE = 120

_log = logging.getLogger("podium")
Entry = TypeVar("Entry")


def check_name(setting: str, name: str) -> None:
    """Refuse a file outside the data folder and a hidden one: the cache's key does not cover them.

    Raises:
        InvalidSettings: names `data.<setting>`.
    """
    if not name or Path(name).is_absolute() or any(part.startswith(".") for part in Path(name).parts):
        expected = "the name of a file in data.root that is not hidden"
        raise InvalidSettings(f"data.{setting}: expected {expected}, received {name!r}")


class LineProgress:
    """Logs every few seconds how many lines have been read, how fast, and the time left."""

    def __init__(self, total_bytes: int, *, of: str) -> None:
        self.total, self.of, self.bytes, self.lines = total_bytes, of, 0, 0
        self.start = self.last = time.monotonic()

    def add_line(self, size: int) -> None:
        """Count one more line, of `size` bytes."""
        self.bytes, self.lines = self.bytes + size, self.lines + 1
        now = time.monotonic()
        if now - self.last >= _PROGRESS_SECONDS:
            self.last, spent = now, now - self.start
            left = spent * (self.total - self.bytes) / self.bytes
            rate, total = self.lines / spent, round(self.lines * self.total / self.bytes)
            extra = activity.report(RecordProgress(self.lines, total, self.of, rate, left))
            message = "%s %s read, %s a second, %.0f s left"
            _log.info(message, f"{self.lines:,}", self.of, f"{rate:,.0f}", left, extra=extra)


def interleaved(problems: list[Problem]) -> list[Problem]:
    """A few problems of each file before more of any, so that a shortened message names all files."""
    seen: Counter[Path | str] = Counter()
    rounds = []
    for problem in problems:
        rounds.append((seen[problem.file] // _SHOWN_OF_A_FILE, problem))
        seen[problem.file] += 1
    return [problem for _, problem in sorted(rounds, key=lambda entry: entry[0])]


class Notes:
    """Counts and examples by kind; `messages` describes each kind, in the order of the notes."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self._messages = messages
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, example: str) -> None:
        """Count one more of a kind; the first few examples are kept."""
        self._counts[kind] += 1
        if len(self._examples[kind]) < _EXAMPLES:
            self._examples[kind].append(printable(example, longest=_LONGEST_EXAMPLE))

    def add_matches(self, name: str, text: str, patterns: Mapping[str, re.Pattern[str]]) -> None:
        """Count each kind whose pattern a text matches; the example is the first match."""
        for kind, pattern in patterns.items():
            if match := pattern.search(text):
                self.add(kind, f"{name}: {match[0]}")

    def listed(self) -> list[dict[str, Any]]:
        """`{"kind", "message", "count", "examples"}` of each kind that was counted."""
        return [
            note(kind, message, self._counts[kind], self._examples[kind])
            for kind, message in self._messages.items()
            if self._counts[kind]
        ]


class FirstEntries(Generic[Entry]):
    """The first entry of each key by part; `add` training entries first, then validation, then test."""

    def __init__(self) -> None:
        self._first: dict[Part, dict[Hashable, Entry]] = {part: {} for part in PARTS}

    def add(self, part: Part, key: Hashable, entry: Entry) -> tuple[Entry, Entry | None]:
        """The first entry with this key in the part, and in an earlier part, if there is one."""
        earlier = (self._first[each].get(key) for each in PARTS[: PARTS.index(part)])
        return self._first[part].setdefault(key, entry), next(filter(None, earlier), None)


def length_quantiles(lengths: Counter[int]) -> dict[str, int]:
    """The median, 0.9, 0.99 and 1.0 quantiles of counted lengths, by name."""
    return {name: quantile(lengths, share) for name, share in _LENGTHS.items()}


def quantile(numbers: Counter[int], share: float) -> int:
    """The smallest value that at least this share of all values does not exceed; 0 of none.

    >>> quantile(Counter({1: 3, 7: 1}), 0.5)
    1
    """
    needed = share * numbers.total()
    for value in sorted(numbers):
        needed -= numbers[value]
        if needed <= 0:
            return value
    return 0
