"""Temporary files and folders; those of killed processes are deleted by the next command.

A process locks what it is writing, and the kernel frees the lock when it ends for any reason. What is not
locked and has a name of these is nobody's. A process that was only stopped keeps its lock.
"""

import fcntl
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tasks.core.file_times import modified
from tasks.core.private_folder import private_folder

GRACE_SECONDS = 2.0
"""Age from which what is not locked is deleted: its process may be about to lock it."""
FOLDER = re.compile(r"[0-9a-f]{32}")
"""Name of a temporary folder."""
HIDDEN = re.compile(r"\..+\.[0-9a-f]{32}")
"""Name of what takes its place in the end."""


def hidden_name(path: Path) -> Path:
    """A name for what is written beside `path` and then takes its place."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder, deleted at the end of the block, else by the next command.

    Args:
        parent: where it lies; by default a folder of this user's own among the machine's temporary files.
    """
    if parent is None:
        parent = private_folder("podium-temporary", variable="TMPDIR")
        sweep(parent)
    with _held(parent / uuid.uuid4().hex) as folder:
        yield folder


@contextmanager
def hidden_folder(target: Path) -> Iterator[Path]:
    """An empty folder beside `target`, deleted at the end of the block or by the next one for this target."""
    sweep_beside(target)
    with _held(hidden_name(target)) as folder:
        yield folder


@contextmanager
def _held(folder: Path) -> Iterator[Path]:
    """Make a folder, which is locked in the block, so that no sweep takes it, and deleted at its end."""
    folder.mkdir(parents=True)
    try:
        with locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_way(path: Path, *, links: bool = False) -> None:
    """Delete what lies in a file's place and is no file: a folder, a pipe, a link that leads nowhere.

    Args:
        links: whether a link to a file must go too: locks are opened through none.
    """
    is_usable = path.is_file() and not (links and path.is_symlink())
    if is_usable or not os.path.lexists(path):
        return
    with hidden_folder(path) as trash:
        path.rename(trash / "in the way")


def sweep_beside(target: Path) -> None:
    """Delete what killed processes were writing to take the place of this file or folder."""
    sweep(target.parent, re.compile(re.escape(f".{target.name}.") + FOLDER.pattern))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock a file or folder that this process writes, also while it is renamed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network file systems lock no folders; `sweep` leaves these alone
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def sweep(folder: Path, names: re.Pattern[str] = FOLDER) -> list[Path]:
    """Delete what killed processes have left in the folder under such names; returns what was deleted."""
    swept = []
    try:
        found = [path for path in folder.iterdir() if names.fullmatch(path.name)]
    except OSError:  # absent, or of another user
        return []
    for path in found:
        with suppress(OSError):  # deleted meanwhile, or of another user
            if _is_abandoned(path):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
                swept.append(path)
    return swept


def _is_abandoned(path: Path) -> bool:
    """Whether no process has locked it; raises OSError if that cannot be known."""
    if path.is_symlink() or abs(time.time() - modified(path)) < GRACE_SECONDS:  # the clock may be set back
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
    return True
