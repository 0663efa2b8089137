"""How long a step's children have worked in all: with a slot in hand, over all attempts.

A record's `seconds` are those of the attempt that ended well, waiting included; neither tells how long the
step would take from the start.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core.cache.store import read_json, write_json

FILE = "worked.json"
"""Beside the checkpoints; it goes when they go."""


@contextmanager
def counted(partial: Path) -> Iterator[None]:
    """Add the time of this block, however it is left, to that of earlier attempts."""
    began = time.monotonic()
    try:
        yield
    finally:
        before = worked_seconds(partial) or 0.0
        write_json(partial / FILE, {"seconds": round(before + time.monotonic() - began, 3)})


def worked_seconds(partial: Path) -> float | None:
    """Seconds worked so far; None where no child was at work."""
    found = read_json(partial / FILE)
    return float(found["seconds"]) if found else None
