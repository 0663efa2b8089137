"""Locks that processes hold by files: one way to make them, whatever lies in the files' places."""

from pathlib import Path

from filelock import FileLock

from tasks.core.files.temporary import make_way


def file_lock(path: Path) -> FileLock:
    """A lock that excludes all others of this file, also in threads, and ends with its process.

    What lies in the file's place and is no file makes way, and so does a link, through which no lock is
    opened. Each call returns another lock: threads that share one could both acquire it.
    """
    make_way(path, links=True)
    return FileLock(path, thread_local=False)
