"""Working time of a step: seconds for which its child processes held a slot, over all attempts.

A record's `seconds` are those of the attempt that succeeded, waiting for a slot included. Only the working
time is how long the step takes from the start.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core.cache.file_kinds import Seconds
from tasks.core.cache.store import write_json
from tasks.core.files.stored_files import FileKind, Loose

FILE = "worked.json"
"""Lies beside the checkpoints and is deleted with them."""


class _Worked(Loose):
    seconds: Seconds


_KIND = FileKind(_Worked, most_bytes=10_000)


@contextmanager
def add_working_time(partial: Path) -> Iterator[None]:
    """Add the duration of this block, however it is left, to that of earlier attempts."""
    began = time.monotonic()
    try:
        yield
    finally:
        before = working_time(partial) or 0.0
        write_json(partial / FILE, {"seconds": round(before + time.monotonic() - began, 3)})


def working_time(partial: Path) -> float | None:
    """Seconds so far; None if no child process has worked for the step."""
    stored = _KIND.read_or_none(partial / FILE, then="the time is counted anew")
    return float(stored["seconds"]) if stored else None
