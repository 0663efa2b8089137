"""What lies at the paths of raw files, in words, and where the data may lie instead."""

import errno
import re
import stat
from collections.abc import Callable
from pathlib import Path

from tasks.core.locations import expand_setting

_KINDS: dict[Callable[[int], bool], str] = {
    stat.S_ISREG: "a file",
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


DEMO = re.compile(r"\.podium/demo/(\w+)/?")
"""Where the demo's preset of a competition expects data, which its own command writes."""
ABSENT = ("nothing of this name", "a broken link")
"""What `kind_of` says where nothing lies."""


def root_folder(root: str) -> Path:
    """The folder of raw files that the setting `data.root` names.

    Raises:
        InvalidSettings: it begins with the home of a user that this machine does not have.
    """
    return expand_setting("data.root", root)


def kind_of(path: Path) -> str:
    """What lies there, in words; unlike `Path.is_file` never raises.

    >>> kind_of(Path("no such file"))
    'nothing of this name'
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "a broken link" if path.is_symlink() else "nothing of this name"
    except OSError as error:
        return "a loop of links" if error.errno == errno.ELOOP else cannot_be_read(error)
    return next((name for is_kind, name in _KINDS.items() if is_kind(mode)), "something that is not a file")


def cannot_be_read(error: OSError) -> str:
    """What was received where a file or folder could not be read, with the system's reason."""
    return f"one that cannot be read ({error.strerror or type(error).__name__})"


def hint(root: Path, holds_data: Callable[[Path], bool]) -> str:
    """The end of a message: the folder beside, above or in `root` that holds the data; empty if none does."""
    try:
        near = [root.absolute().parent, *sorted(root.iterdir())]
    except OSError:
        near = [root.absolute().parent]
    found = next((folder for folder in near if holds_data(folder)), None)
    return f"; one lies in {found}: try --set data.root={found}" if found else advice(root)


def advice(root: Path) -> str:
    """The end of a message: what to do about a folder that does not exist; empty if it does."""
    if root.exists():
        return ""
    if demo := DEMO.search(root.as_posix()):
        return f"; podium demo {demo[1]} {root} writes the demo's data"
    return "; --set data.root=FOLDER or the variable PODIUM_DATA says where the data lies"
