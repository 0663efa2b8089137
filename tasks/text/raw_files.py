"""Raw files as they are read: names that are allowed, progress, and problems in a readable order."""

import logging
import time
from collections import Counter
from pathlib import Path

from tasks.core.errors import InvalidSettings, Problem

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
