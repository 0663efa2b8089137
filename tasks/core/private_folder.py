"""A folder of this user's own among the machine's temporary files, where anybody may make any name first.

It is the same for all processes of the user, whatever started them: a runtime directory ends with the login,
while runs go on, and a home may be shared by machines.
"""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from tasks.core.errors import UserError

MODE = 0o700
MOST_TAKEN = 100
"""Names that other users have taken before the search ends."""


def private_folder(name: str, *, variable: str) -> Path:
    """A folder that this user alone can read and write, made if it is not there; no link leads to it.

    Args:
        name: how its own name begins.
        variable: names another folder for the same purpose, for the message.

    Raises:
        UserError: other users have taken all names that are tried.
    """
    parent = Path(tempfile.gettempdir())
    for number in range(1 + MOST_TAKEN):
        folder = parent / (f"{name}-{os.getuid()}" + (f"-{number}" if number else ""))
        mode = mode_if_own(folder)
        if mode is not None:
            if mode & 0o077:
                folder.chmod(MODE)
            return folder
    received = f"none of {1 + MOST_TAKEN} names that no other user has taken in {parent}"
    raise UserError(f"{variable}: expected a folder, for there is {received}")


def mode_if_own(folder: Path) -> int | None:
    """Make the folder for this user alone if it is not there; its permissions if it is one of this user and
    no link leads to it, else None.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=MODE)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        return None
    return stat.S_IMODE(status.st_mode)
