"""Paths of the store, submissions, Prefect's home, presets and competitions of one's own.

In a checkout (a `pyproject.toml` beside the packages) all are in it; an installed Podium uses the current
directory and brings its own presets along. Environment variables take precedence.
"""

import errno
import os
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path

from tasks.core.errors import InvalidSettings
from tasks.core.strict_json import unusable_character

LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes of names and paths, on nearly all file systems."""
CHECKOUT = Path(__file__).resolve().parents[2]


def expand(path: str | Path) -> Path:
    """Replace `~` and environment variables; a relative path starts at the current directory.

    All paths of settings, options and environment variables are read so. A variable that is not set stays.

    Raises:
        InvalidSettings: there is no home folder for a `~` or `~user`, or a character is no text.
    """
    if found := unusable_character(str(path)):
        raise InvalidSettings(f"expected a path of text in UTF-8, received {found}")
    try:
        return Path(os.path.expandvars(path)).expanduser().absolute()
    except RuntimeError:
        home = str(path).partition("/")[0]
        raise InvalidSettings(
            f"expected a path, received '{path}', but {home} is no home folder here"
        ) from None


def expand_setting(key: str, path: str | Path) -> Path:
    """`expand` with a message that names the setting or variable.

    Raises:
        InvalidSettings: as `expand`.
    """
    try:
        return expand(path)
    except InvalidSettings as error:
        raise InvalidSettings(f"{key}: {error}") from None


def display_path(path: Path) -> str:
    """The path as a user would type it in the current directory."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def root() -> Path:
    """The checkout, or the current directory when Podium is installed elsewhere."""
    return CHECKOUT if (CHECKOUT / "pyproject.toml").is_file() else Path.cwd()


def store_folder() -> Path:
    """Folder of cached artifacts: `$PODIUM_STORE`, else `.podium/store`."""
    return _chosen("PODIUM_STORE", ".podium/store")


def submissions_folder() -> Path:
    """Folder of submissions with their provenance: `$PODIUM_SUBMISSIONS`, else `submissions`."""
    return _chosen("PODIUM_SUBMISSIONS", "submissions")


def prefect_home() -> Path:
    """Prefect's database, profiles and server log: `$PREFECT_HOME`, else `.podium/prefect`."""
    return _chosen("PREFECT_HOME", ".podium/prefect")


def presets_folder() -> Path:
    """Folder of the user's presets, `<competition>/<preset>.toml`: `$PODIUM_CONF`, else `conf`."""
    return _chosen("PODIUM_CONF", "conf")


def preset_folders() -> tuple[Path, ...]:
    """Where presets are looked for: the user's folder, then that of the presets that come with Podium."""
    return tuple(dict.fromkeys(folder for folder in (presets_folder(), shipped_folder("conf")) if folder))


def competitions_folders() -> tuple[Path, ...]:
    """Folders that hold competitions of one's own, a folder each.

    They are those of `$PODIUM_COMPETITIONS`, separated as in `PATH`, else `competitions`, if there is one.

    Raises:
        InvalidSettings: the variable names something that is no folder.
    """
    if value := os.environ.get("PODIUM_COMPETITIONS"):
        named = [named_folder("PODIUM_COMPETITIONS", each) for each in value.split(os.pathsep) if each]
        return tuple(dict.fromkeys(named))
    folder = root() / "competitions"
    return (folder,) if folder.is_dir() else ()


def shipped_folder(name: str) -> Path | None:
    """A folder of files that come with Podium, `conf` or `conf/templates`: in the checkout, or installed."""
    return CHECKOUT / name if root() == CHECKOUT else _installed_folder(name)


@cache
def _installed_folder(name: str) -> Path | None:
    """The folder into which an installation has written such files, wherever its scheme puts data."""
    from importlib.metadata import PackageNotFoundError, distribution

    with suppress(PackageNotFoundError):
        installed = distribution("podium")
        for file in installed.files or ():
            if file.match(f"share/podium/{name}/README.md"):
                return Path(str(installed.locate_file(file))).resolve().parent
    return None


def data_folder(competition: str) -> Path | None:
    """`$PODIUM_DATA/<competition>`, or None when the variable is not set."""
    parent = os.environ.get("PODIUM_DATA")
    return expand_setting("PODIUM_DATA", parent) / competition if parent else None


def _chosen(variable: str, default: str) -> Path:
    value = os.environ.get(variable)
    return named_folder(variable, value) if value else root() / default


def _is_too_long(path: Path) -> bool:
    """Whether a path that does not exist could not be made; folders above it may be missing too."""
    names = [os.fsencode(part) for part in path.parts]
    return max(map(len, names)) > LONGEST_NAME or len(os.fsencode(path)) > LONGEST_PATH


def named_folder(variable: str, value: str) -> Path:
    """The folder that an environment variable names, which need not exist.

    Raises:
        InvalidSettings: something else lies there or on the way, or the path cannot be one.
    """
    path = expand_setting(variable, value)
    reason = "no folder"
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return path
    except FileNotFoundError:
        if not path.is_symlink() and not _is_too_long(path):
            return path
        reason = "a broken link" if path.is_symlink() else os.strerror(errno.ENAMETOOLONG)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    received = f"{str(path)[:200]} ({reason})"
    raise InvalidSettings(f"{variable}: expected a folder that can be made, received {received}")
