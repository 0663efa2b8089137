"""What Prefect's home keeps of the server that Podium starts: its process, and the string that it asks for.

Whoever reaches a server without authentication can make its user run any command. So home and files can be
read by their user alone, and the string, `user:password`, is sent only to a process that has been checked.
"""

import json
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from psutil import CONN_LISTEN, Error, Process
from pydantic import Field

from flows.runtime.prefect_profile import CLIENT_STRING, SERVER_STRING, configured
from tasks.core import locations
from tasks.core.files.stored_files import Damaged, FileKind, Loose, file_bytes
from tasks.core.files.temporary import make_way

OWN_MODE = 0o600
"""Permissions of files: their user alone reads and writes them."""
LARGEST_PID = 2**31 - 1
MOST_BYTES = 10_000
"""Of the record, and of the authentication string."""
DATABASE = "prefect.db"
PRIVATE_FILES = (f"{DATABASE}*", "server.json", "server.log", "auth-string")


class LocalServer(NamedTuple):
    """A server that Podium started, as recorded in `server.json`."""

    pid: int
    url: str
    asks: bool = False
    """Whether it asks for the authentication string; those of earlier versions did not."""

    @property
    def alive(self) -> bool:
        """Whether the process is still that server, not a later process with the same id."""
        try:
            command = Process(self.pid).cmdline()
        except Error:
            return False
        return command[-1:] == [str(self.port)] and command[2:5] == ["prefect", "server", "start"]

    @property
    def listens(self) -> bool:
        """Whether it is this process that listens at the port; true where the system does not tell."""
        try:
            sockets = Process(self.pid).net_connections("tcp")
        except (Error, OSError):
            return self.alive
        return any(each.status == CONN_LISTEN and each.laddr.port == self.port for each in sockets)

    @property
    def port(self) -> int | None:
        """The port of its address."""
        return urlsplit(self.url).port


class _ServerState(Loose):
    pid: Annotated[int, Field(ge=1, le=LARGEST_PID)]
    url: str


_KIND = FileKind(_ServerState, most_bytes=MOST_BYTES)


def recorded() -> LocalServer | None:
    """The server that was started last in this home; None where the record is missing or damaged."""
    state = _KIND.read_or_none(_file("server.json"), then="the server that it names is not used")
    try:
        server = LocalServer(state["pid"], state["url"], state.get("asks") is True) if state else None
        return server if server and server.port else None
    except ValueError:  # the address has no number for a port
        return None


def record(server: LocalServer) -> None:
    """Record a server that was started."""
    _write_own(_file("server.json"), json.dumps(server._asdict()))


def forget() -> None:
    """Delete the record."""
    _file("server.json").unlink(missing_ok=True)


def auth_string_file() -> Path:
    """The file with the authentication string, `user:password` in one line."""
    return _file("auth-string")


def auth_string() -> str | None:
    """The authentication string of the recorded server; None where there is none that can be read."""
    try:
        return file_bytes(auth_string_file(), MOST_BYTES).decode().strip() or None
    except (FileNotFoundError, Damaged, ValueError):
        return None


def new_auth_string() -> str:
    """The string for a new server: that of the user's settings, else the one of the file, else a new one.

    It is kept in the file, so that browsers and workers that know it need no other after a restart.
    """
    own = _is_own(auth_string_file()) and auth_string()
    string = configured(SERVER_STRING) or own or f"podium:{secrets.token_urlsafe(24)}"
    if string != own:
        _write_own(auth_string_file(), f"{string}\n")
    return string


def protect_temporary_server(home: Path) -> None:
    """Give the server that this process will start for itself a string of its own, by the environment."""
    make_private(home)
    string = configured(SERVER_STRING) or f"podium:{secrets.token_urlsafe(24)}"
    os.environ[SERVER_STRING] = os.environ[CLIENT_STRING] = string


def make_private(home: Path) -> None:
    """Let nobody but this user into Prefect's home; what another user owns stays as it is.

    An empty database is made if there is none, since Prefect would make one that others can read.
    """
    _tighten(home, 0o700)
    if not configured("PREFECT_API_DATABASE_CONNECTION_URL"):
        with suppress(OSError):
            flags = os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW
            os.close(os.open(home / DATABASE, flags, OWN_MODE))
    for pattern in PRIVATE_FILES:
        for file in home.glob(pattern):
            if not file.is_symlink():
                _tighten(file, OWN_MODE)


def _tighten(path: Path, mode: int) -> None:
    with suppress(OSError):
        status = path.stat()
        if status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) & 0o077:
            path.chmod(mode)


def _is_own(file: Path) -> bool:
    """Whether it is a file of this user that no other can have written or read; a link is not."""
    try:
        status = file.lstat()
    except OSError:
        return False
    private = not stat.S_IMODE(status.st_mode) & 0o077
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and private


def _write_own(file: Path, text: str) -> None:
    """Write a file that its user alone can read, in one step; a link in its place is replaced."""
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWN_MODE)
    with open(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    make_way(file)
    part.replace(file)


def _file(name: str) -> Path:
    return locations.prefect_home() / name
