"""Full disks, quotas, read-only folders, missing permissions, disks that fail, and folders that are moved
away while a command runs, as one message that says how to go on.

Every place that writes may meet them, and libraries report them in their own words: h5py as an OSError
without a number, numpy as a count of bytes, SQLite as one of its errors. So the errors are explained where
they leave a step, a child process or a command, and not where something is written. Nothing half-written is
in its place then: everything that is read back is written beside it and renamed.
"""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tasks.core import locations
from tasks.core.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
FAILING = (errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO)
"""What a disk says that is broken or unplugged, and a server of files that was started anew."""
PROBE_BYTES = 65_536
"""Written to find out which folder is full."""
LITTLE_BYTES = 1 << 30
"""Of a disk that may have been full a moment ago."""
SEARCHED_CHARACTERS = 20_000
"""End of a message in which a library's words are looked for."""
_NUMBER = re.compile(r"errno = (\d+)|\[Errno (\d+)\]")
_WORDS = {os.strerror(number).lower(): number for number in (*FULL, errno.EROFS)} | {
    "database or disk is full": errno.ENOSPC,
    "attempt to write a readonly database": errno.EROFS,
}
_CUT_SHORT = re.compile(r"\b\d+ requested and \d+ written\b")


_seen: dict[str, tuple[Path, int, int]] = {}
"""Folders that were there when the command began, by their variables, each with its device and inode."""


class DiskError(UserError):
    """A folder is full, cannot be written to, or is gone."""


def note_folders() -> None:
    """Remember the store and the folder of submissions, so that it is noticed if they are moved away."""
    _seen.clear()
    for variable, folder in _results():
        with suppress(OSError):
            state = folder.stat()
            _seen[variable] = folder, state.st_dev, state.st_ino


def _lost() -> DiskError | None:
    """An error that names a folder that was there when the command began and is gone, if there is one."""
    for variable, named in _results():
        folder, *before = _seen.get(variable, (None, 0, 0))
        if folder != named:
            continue
        try:
            state = named.stat()
        except OSError as error:
            received = (error.strerror or type(error).__name__).lower()
        else:
            if [state.st_dev, state.st_ino] == before:
                continue
            received = "another one in its place"
        return DiskError(
            f"{named}: expected the folder that was there when the command began, received {received}: it "
            f"was moved, deleted or unmounted. Put it back, or name another folder in {variable}; then the "
            "same command goes on."
        )
    return None


def explained(error: BaseException) -> DiskError | None:
    """The error as one message, if a disk or a permission is its cause; None for any other error.

    Where a folder is gone, it is taken for the cause of whatever happens.
    """
    for each in _causes(error):
        if isinstance(each, UserError):
            return None
        if number := _number(each):
            return DiskError(_message(number, _place(each, number)))
    return _lost() if isinstance(error, Exception) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those from which it came, each once."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _number(error: BaseException) -> int | None:
    """The number of the system's error, if it is one of a disk that cannot be written to."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if error.errno in (*FULL, *CLOSED, *FAILING) else None
    if not isinstance(error, Exception):
        return None
    text = str(error)[-SEARCHED_CHARACTERS:]
    for found in _NUMBER.finditer(text):
        if (number := int(found[1] or found[2])) in (*FULL, errno.EROFS):
            return number
    if isinstance(error, OSError) and _CUT_SHORT.search(text):
        return errno.ENOSPC
    lowered = text.lower()
    return next((number for words, number in _WORDS.items() if words in lowered), None)


def _place(error: BaseException, number: int) -> Path | None:
    """The file or folder that cannot be written to, by its error or by trying; None if that is not known."""
    named = getattr(error, "filename2", None) or getattr(error, "filename", None)
    if isinstance(named, str | os.PathLike) and str(named):
        return Path(named).absolute()
    for _, folder in _folders():
        try:
            _try_writing(folder)
        except OSError as found:
            if (found.errno in FULL) == (number in FULL):
                return folder
    return _fullest() if number in FULL else None


def _fullest() -> Path | None:
    """The folder with the least room, if that is little: what did not fit may be deleted already."""
    free = {folder: shutil.disk_usage(folder).free for _, folder in _folders() if folder.is_dir()}
    folder = min(free, key=lambda each: free[each], default=None)
    return folder if folder is not None and free[folder] < LITTLE_BYTES else None


def _results() -> Iterator[tuple[str, Path]]:
    """The folders of results, with the variable that names another one."""
    with suppress(UserError):
        yield "PODIUM_STORE", locations.store_folder()
        yield "PODIUM_SUBMISSIONS", locations.submissions_folder()


def _folders() -> Iterator[tuple[str, Path]]:
    """Folders to which Podium writes, with the variable that names another one."""
    yield from _results()
    with suppress(UserError):
        yield "PREFECT_HOME", locations.prefect_home()
        if folder := os.environ.get("PODIUM_SLOT_FOLDER"):
            yield "PODIUM_SLOT_FOLDER", locations.expand(folder)
    with suppress(OSError):
        yield "TMPDIR", Path(tempfile.gettempdir())


def _try_writing(folder: Path) -> None:
    if not folder.is_dir():
        return
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _message(number: int, place: Path | None) -> str:
    received = os.strerror(number).lower()
    where = "a folder that is written to" if place is None else str(place)
    variable = next((name for name, folder in _folders() if place and place.is_relative_to(folder)), None)
    other = f"name another folder in {variable}" if variable else "choose another folder"
    if number in FULL:
        expected, remedy = "room to write", f"Make room there, or {other}"
        if variable == "PODIUM_STORE":
            remedy += " (`podium clean` deletes what no kept submission needs)"
    elif number in FAILING:
        expected, remedy = "a disk that works", f"Check the disk and how it is mounted, or {other}"
    else:
        expected = "a place that can be read and written"
        remedy = f"Change its permissions, or {other}"
    return (
        f"{where}: expected {expected}, received “{received}”. Submissions, finished steps and checkpoints "
        f"that were written are whole and stay. {remedy}; then the same command goes on."
    )
