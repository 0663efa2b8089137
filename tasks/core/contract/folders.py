"""Where competitions lie: folders with a `competition.py`, in `tasks` or in folders of one's own.

The folders of `locations.competitions_folders` are searched by imports of `tasks.<competition>`, as is the
package itself: what holds for a competition that comes with Podium holds for any other.
"""

import importlib
from pathlib import Path

import tasks
from tasks.core import locations
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings

CODE = Path(__file__).resolve().parents[2]
"""The package `tasks`."""
CONTRACT = "competition.py"
_added = set[str]()
"""Folders that were ever added to the package's path, by this module."""


def search_path() -> tuple[Path, ...]:
    """The folders that hold competitions: the package, then those of one's own, where imports find them too.

    Raises:
        InvalidSettings: `PODIUM_COMPETITIONS` names something that is no folder.
    """
    wanted = [str(folder) for folder in locations.competitions_folders()]
    path = [place for place in tasks.__path__ if place in wanted or place not in _added]
    path += [place for place in wanted if place not in path]
    if path != list(tasks.__path__):
        _added.update(wanted)
        tasks.__path__ = path
        importlib.invalidate_caches()
    return tuple(map(Path, path))


def outside() -> tuple[Path, ...]:
    """Those of these folders that are not the package."""
    return tuple(place for place in search_path() if place != CODE)


def competition_names() -> tuple[str, ...]:
    """Names of all competitions, sorted: the folders with a `competition.py`."""
    files = (file for place in search_path() for file in place.glob(f"*/{CONTRACT}"))
    names = {file.parent.name for file in files} - {"core"}  # which has a module of this name
    return tuple(sorted(name for name in names if name.isidentifier()))


def absent_folders() -> list[Path]:
    """Folders that `PODIUM_COMPETITIONS` names and that are not there."""
    return [folder for folder in locations.competitions_folders() if not folder.is_dir()]


def _absent(folder: Path) -> str:
    return f"; PODIUM_COMPETITIONS names {folder}, which is not there"


def raise_if_unknown(name: str) -> None:
    """Raise InvalidSettings if no competition has this name."""
    if name not in (known := competition_names()):
        received = f"{name!r}{suggestion(name, known)}{''.join(map(_absent, absent_folders()))}"
        raise InvalidSettings(f"competition: expected one of {', '.join(known)}, received {received}")


def folder_of(name: str) -> Path:
    """The folder of a competition.

    Raises:
        InvalidSettings: there is none of this name, or several, or its name is that of a module of Podium.
    """
    raise_if_unknown(name)
    folders = [place / name for place in search_path() if (place / name / CONTRACT).is_file()]
    if folders[0].parent != CODE and is_taken(name):
        raise InvalidSettings(f"{folders[0]}: Podium has a module tasks.{name}; give the folder another name")
    if len(folders) > 1:
        both = " and ".join(map(str, folders[:2]))
        raise InvalidSettings(f"competition {name}: expected one folder, received {both}; rename one")
    return folders[0]


def is_taken(name: str) -> bool:
    """Whether Podium itself has a module `tasks.<name>`."""
    return (CODE / name).exists() or (CODE / f"{name}.py").exists()


def is_outside(name: str) -> bool:
    """Whether the competition of this name does not come with Podium."""
    return folder_of(name).parent != CODE
