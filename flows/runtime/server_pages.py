"""The folder of a server's pages: without those of the new UI while that is switched off.

Prefect copies its pages beside its code, and where it can copy those of the new UI it offers them, whatever
its settings say. In a folder of our own, a link that leads nowhere stands in place of that copy:
Prefect notes in its log that it cannot make one, and goes on without.
"""

from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from tasks.core import locations

FOLDERS = ("PREFECT_SERVER_UI_STATIC_DIRECTORY", "PREFECT_UI_STATIC_DIRECTORY")
"""Both names of the setting."""
NEW_UI = "PREFECT_SERVER_UI_V2_ENABLED"
NOWHERE = "switched-off"


def choose_pages(env: MutableMapping[str, str]) -> None:
    """Put the folder of pages into the environment of a server, unless the user has chosen one."""
    if any(env.get(name) for name in FOLDERS):
        return
    folder = locations.prefect_home() / "ui"
    copy = folder / "v2"
    with suppress(OSError):  # without the folder Prefect takes its own
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _switch(copy, off=env.get(NEW_UI, "").strip().lower() in ("", "0", "false", "no", "off"))
        env[FOLDERS[0]] = str(folder)


def _switch(copy: Path, *, off: bool) -> None:
    """Let the copy of the new UI lead nowhere, or take that back."""
    if off and not copy.exists() and not copy.is_symlink():
        copy.symlink_to(NOWHERE)
    elif not off and copy.is_symlink():
        copy.unlink()
