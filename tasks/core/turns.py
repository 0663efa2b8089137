"""The line in which processes of this machine wait for slots: first come, first served.

Each process that waits keeps a ticket, a file named by the time at which it came, that lists the slots it may
use, and touches it as it looks. A ticket that nobody has touched for a while is that of a process which is
dead or stopped, and holds nobody up.
"""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

STALE_SECONDS = 3.0
"""A ticket not touched for so long counts no more."""
FORGOTTEN_SECONDS = 3600.0
"""After so long whoever sees it removes it."""
_numbers = count()


class Ticket:
    """One wait of this process, which has come now."""

    def __init__(self, folder: Path, slots: Sequence[str]) -> None:
        """Take a place in the line of this folder; it counts from the first call of `free_for_us` on.

        Args:
            slots: names of the slots that would do.
        """
        self._slots = slots
        self._path = folder / f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}"

    def free_for_us(self) -> list[str]:
        """Our slots without those that somebody who came before us waits for as well."""
        try:
            os.utime(self._path)
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(" ".join(self._slots))
        wanted = {name for path in self._before() for name in _read(path)}
        return [name for name in self._slots if name not in wanted]

    def hide(self) -> None:
        """Hold nobody up: the wait is over, or another of this process goes first."""
        self._path.unlink(missing_ok=True)

    def _before(self) -> list[Path]:
        """Tickets of other processes that came earlier and still look."""
        now, own = time.time(), str(os.getpid())
        found = []
        for path in self._path.parent.iterdir():
            with suppress(OSError):  # gone meanwhile
                age = now - path.stat().st_mtime
                if age > FORGOTTEN_SECONDS:
                    path.unlink()
                elif age < STALE_SECONDS and path.name < self._path.name and path.name.split("-")[1] != own:
                    found.append(path)
        return found


def _read(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
