"""Checks before a run: an installed backend, folders that can be written to, files and folders that exist."""

import errno
import os
import re
import tempfile
from pathlib import Path
from typing import Any, get_args

from tasks.core import locations
from tasks.core.backends import check_backend
from tasks.core.errors import InvalidData, InvalidSettings, Problem, UserError
from tasks.core.file_walk import check_below
from tasks.core.files.disk_errors import note_folders
from tasks.core.locations import expand_setting
from tasks.core.raw_paths import ABSENT, advice, kind_of, root_folder

FOLDERS = (
    "artifacts",
    "steps",
    "acceptances",
    "partial",
    "runs",
    "locks",
    "fingerprints",
    "temporary",
    "studies",
    "owed",
)
"""Folders of a store."""


def check_before_run(config: Any, preset: str | None) -> None:
    """Check all that `podium run` checks but what would be written to: for commands that run nothing.

    Raises as `check_machine` and `check_paths` do.
    """
    _check_variables()
    check_paths(config, preset)


def _check_variables() -> None:
    """Check the variables that choose backend, slots, mirror and places."""
    from tasks.core.cache.remote_store import Mirror
    from tasks.core.execution import slots

    check_backend()
    slots.slot_names()
    slots.check_folder()
    Mirror.current()
    locations.store_folder()
    locations.submissions_folder()


def check_machine() -> None:
    """Check that results can be computed and written, before hours of training rather than after.

    Raises:
        InvalidSettings: `KERAS_BACKEND` names no backend that is installed.
        UserError: `PODIUM_SLOTS` is no number of slots, or `PODIUM_SLOT_FOLDER` no folder.
        UserError: a folder cannot be made or written to, another user has made a folder inside it that cannot
            be written to, or the remote store cannot be used.
    """
    from tasks.core.cache.remote_store import Mirror
    from tasks.core.cache.store import Store

    _check_variables()
    if mirror := Mirror.current():
        mirror.check()

    folders = {"PODIUM_STORE": locations.store_folder(), "PODIUM_SUBMISSIONS": locations.submissions_folder()}
    for variable, folder in folders.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _check_folders(folder)
            for each in (folder, *(path for path in folder.iterdir() if path.is_dir())):
                _try_writing(each)
        except OSError as error:
            received = f"{error.filename} ({error.strerror})"
            if isinstance(error, PermissionError):
                received += "; users who share it need a group and umask 002"
            expected = "a folder that can be written to"
            raise UserError(f"{variable}: expected {expected}, received {received}") from None
    Store.current().sweep()
    note_folders()


def _check_folders(store: Path) -> None:
    """Raise NotADirectoryError where something else lies in the place of a folder of the store."""
    for path in (store / name for name in FOLDERS):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)


def _try_writing(folder: Path) -> None:
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        error.filename = folder
        raise


def check_paths(config: Any, preset: str | None = None) -> None:
    """Check that every file and folder named in a run's settings exists, and that only such lie below it.

    `preset` is named in messages.

    Raises:
        InvalidData: something there is neither a file nor a folder, or cannot be read.
        InvalidSettings: one does not; names the key and the path of each.
    """
    check_data(config)
    check_named(config, preset)


def check_named(settings: Any, preset: str | None = None) -> None:
    """Check that every file and folder named in settings, such as those of a recipe, exists.

    Raises:
        InvalidSettings: one does not; names the key and the path of each.
    """
    from tasks.core.cache.keys import named_paths

    missing = [
        (key, value) for key, value in named_paths(settings) if not expand_setting(key, value).exists()
    ]
    if missing:
        lines = [
            f"{key}: expected a file or folder that exists, received {value!r} ({locations.expand(value)})"
            f"{_advice(key, value)}"
            for key, value in missing
            if not _unset(value)
        ]
        raise InvalidSettings("\n".join([*_unset_variables(missing, preset), *lines]))


def _unset_variables(missing: list[tuple[str, str]], preset: str | None) -> list[str]:
    """A line for each environment variable that is not set and that these settings read."""
    keys: dict[str, list[str]] = {}
    for key, value in missing:
        for name in _unset(value):
            keys.setdefault(name, []).append(key)
    reader = f"preset {preset} reads" if preset else "the settings read"
    return [f"{name} is not set; {reader} it in {', '.join(of_name)}" for name, of_name in keys.items()]


def check_data(config: Any) -> None:
    """Check what lies below all paths in the settings, without reading it.

    Raises:
        InvalidData: something there is neither a file nor a folder, or cannot be read.
    """
    from tasks.core.cache.keys import named_paths
    from tasks.core.competition import Part

    root = root_folder(config.data.root)
    if (kind := kind_of(root)) not in (*ABSENT, "a folder"):
        raise InvalidData([Problem(root, None, "a folder with the raw files", kind)])
    raw = [name for part in get_args(Part) for name in config.data.files_of(part)]
    for key, value in named_paths(config):
        check_below(expand_setting(key, value), raw if key == "data.root" else None)


def _unset(value: str) -> list[str]:
    """The environment variables that a path needs and that are not set."""
    return [name for name in re.findall(r"\$\{?(\w+)", value) if name not in os.environ]


def _advice(key: str, value: str) -> str:
    return advice(locations.expand(value)) if key == "data.root" else ""
