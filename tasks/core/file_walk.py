"""The files below a path, which nothing else may lie among: a pipe would be waited for, a loop never ends."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import ABSENT, cannot_be_read, kind_of

EXPECTED = "files and folders that can be read"


def files_below(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Relative name and status of each file below a folder (or of the file itself), but hidden ones.

    Nothing is yielded where nothing lies, and for links that lead nowhere: the step that reads them says so.

    Raises:
        InvalidData: something is neither a file nor a folder, cannot be read, or is a folder that links lead
            to a second time.
    """
    kind = kind_of(path)
    if kind == "a file":
        yield "", _readable(path.stat(), path)
    elif kind == "a folder":
        yield from _below(str(path))
    elif kind not in ABSENT:
        raise _refused(path, kind)


def named_files(path: Path, names: Sequence[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Relative name and status of the files and of all files in the folders of these names.

    Raises:
        InvalidData: as `files_below`.
    """
    for name in sorted(set(names)):
        for inner, status in files_below(path / name):
            yield f"{name}/{inner}".rstrip("/"), status


def _below(root: str) -> Iterator[tuple[str, os.stat_result]]:
    """The files of a folder and of all folders in it. Names are texts: making a `Path` of each of 100,000
    takes longer than all else."""
    waiting, seen = [""], set[tuple[int, int]]()
    while waiting:
        prefix = waiting.pop()
        folder = f"{root}/{prefix}"
        folders = list[str]()
        for entry in _entries(folder, seen):
            try:
                status = os.stat(entry.path)  # noqa: PTH116
            except FileNotFoundError:  # a link that leads nowhere
                continue
            except OSError:
                raise _refused(entry.path, kind_of(Path(entry.path))) from None
            if stat.S_ISDIR(status.st_mode):
                folders.append(f"{prefix}{entry.name}/")
            else:
                yield f"{prefix}{entry.name}", _readable(status, entry.path)
        waiting += reversed(folders)


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


def _readable(status: os.stat_result, path: Path | str) -> os.stat_result:
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, kind_of(Path(path)))
    if not os.access(path, os.R_OK):
        raise _refused(path, "one that cannot be read (Permission denied)")
    return status


def _refused(path: Path | str, received: str) -> InvalidData:
    return InvalidData([Problem(str(path).rstrip("/"), None, EXPECTED, received)])
