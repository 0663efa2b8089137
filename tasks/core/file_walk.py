"""The files below a path, which nothing else may lie among: a pipe would be waited for, a loop never ends."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import ABSENT, cannot_be_read, kind_of

EXPECTED = "files and folders that can be read"
KIND_AND_READING = 0o170444
READABLE_FILE = stat.S_IFREG | 0o444
"""A file that everybody may read, in these bits of its mode: no need to ask the system for each."""


def files_below(path: Path, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
    """Relative name and status of each file below a folder (or of the file itself), but hidden ones.

    Before each name stands the prefix, which is that of the file itself without its last slash.
    Nothing is yielded where nothing lies, and for links that lead nowhere: the step that reads them says so.

    Raises:
        InvalidData: something is neither a file nor a folder, cannot be read, or is a folder that links lead
            to a second time.
    """
    kind = kind_of(path)
    if kind == "a file":
        status = path.stat()
        _check_readable(path)
        yield prefix.removesuffix("/"), status
    elif kind == "a folder":
        yield from _below(str(path), prefix)
    elif kind not in ABSENT:
        raise _refused(path, kind)


def named_files(path: Path, names: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Relative name and status of the files and of all files in the folders of these names.

    Raises:
        InvalidData: as `files_below`.
    """
    for name in sorted(set(names)):
        yield from files_below(path / name, f"{name.rstrip('/')}/")


def check_below(path: Path, names: Sequence[str] | None = None) -> None:
    """Check what lies below a path, or below these names in it, in a third of the time of `files_below`: of
    most files the folder says what they are.

    Raises:
        InvalidData: as `files_below`.
    """
    for root in [path] if names is None else [path / name for name in sorted(set(names))]:
        kind = kind_of(root)
        if kind == "a file":
            _check_readable(root)
        elif kind == "a folder":
            for _, entry in _entries_below(str(root)):
                if entry.is_file(follow_symlinks=False):
                    _check_readable(entry.path)
                elif status := _status(entry):
                    _check_regular(status, entry.path)
                    _check_readable(entry.path)
        elif kind not in ABSENT:
            raise _refused(root, kind)


def _below(root: str, prefix: str) -> Iterator[tuple[str, os.stat_result]]:
    for name, entry in _entries_below(root, prefix):
        if status := _status(entry):
            if status.st_mode & KIND_AND_READING != READABLE_FILE:
                _check_regular(status, entry.path)
                _check_readable(entry.path)
            yield name, status


def _entries_below(root: str, prefix: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All but folders in a folder and in all folders in it, by relative name after the prefix.

    Names are texts: making a `Path` of each of 100,000 takes longer than all else.
    """
    waiting, seen = [(root, prefix)], set[tuple[int, int]]()
    while waiting:
        place, prefix = waiting.pop()
        folders = list[tuple[str, str]]()
        for entry in _entries(place, seen):
            if _is_folder(entry):
                folders.append((entry.path, f"{prefix}{entry.name}/"))
            else:
                yield prefix + entry.name, entry
        waiting += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        raise _refused(entry.path, kind_of(Path(entry.path))) from None


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """The status of what an entry is or leads to; None for a link that leads nowhere."""
    try:
        return entry.stat()
    except FileNotFoundError:
        return None
    except OSError:
        raise _refused(entry.path, kind_of(Path(entry.path))) from None


def _entries(folder: str, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """What lies in a folder that is not in `seen`, to which it is added; without what is hidden."""
    try:
        status = os.stat(folder)  # noqa: PTH116
        if (place := (status.st_dev, status.st_ino)) in seen:
            raise _refused(folder, "a link to a folder that is read already")
        seen.add(place)
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise _refused(folder, cannot_be_read(error)) from None
    return sorted(shown, key=lambda entry: entry.name)


def _check_regular(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, kind_of(Path(path)))


def _check_readable(path: Path | str) -> None:
    if not os.access(path, os.R_OK):
        raise _refused(path, "one that cannot be read (Permission denied)")


def _refused(path: Path | str, received: str) -> InvalidData:
    return InvalidData([Problem(str(path).rstrip("/"), None, EXPECTED, received)])
