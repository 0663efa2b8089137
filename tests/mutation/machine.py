"""A worker's process: presets in a folder of its own, and commands that end where work would begin."""

from pathlib import Path
from typing import Any

from tasks.core import locations
from tests.mutation.inputs import Place


class _Begun(SystemExit):
    """A command has accepted everything, and would start a server or a flow now."""


def prepare(place: Place) -> None:
    """Change this process so that inputs can be tried one after the other."""
    from flows.commands import blending, runs, serving

    def begun(*_: Any, **__: Any) -> Any:
        raise _Begun(0)

    runs._run = begun
    serving._connect_server = begun
    blending.note = blending.inform = lambda text: None  # the message is what a command ends with
    locations.presets_folder = lambda: presets(place)
    locations.preset_folders = lambda: (presets(place),)


def presets(place: Place) -> Path:
    """The folder of this input's presets, else that of the checkout."""
    own = place.folder / "conf"
    return own if own.is_dir() else locations.root() / "conf"
