"""Times of files that other processes may delete at any moment."""

from pathlib import Path


def modified(path: Path) -> float:
    """Time of the last change, in seconds since 1970; 0 when the file is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
