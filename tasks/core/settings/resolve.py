"""Resolve a competition's settings from defaults, a preset and `--set`.

Three layers, each over the one before: the defaults in `tasks/<competition>/config.py`,
the differences in `conf/<competition>/<preset>.toml`, the overrides of the command line.
Each layer is validated before the next, so that a message names the right file or option.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.core import locations
from tasks.core.config import Settings
from tasks.core.contract import files
from tasks.core.contract.folders import folder_of, is_outside
from tasks.core.errors import InvalidSettings
from tasks.core.settings import presets as preset_files
from tasks.core.settings.error_messages import messages
from tasks.core.settings.overrides import Location, Override, applied, merged, parse, shown
from tasks.core.settings.presets import Preset

PRESETS = "presets"
"""Folder of presets in that of a competition."""


def resolve(
    competition: str,
    *,
    preset: str | None = None,
    overrides: Sequence[str] = (),
    root: Path | None = None,
    submission: str | None = None,
) -> Settings:
    """The settings of a run.

    Args:
        preset: name of a file in `<root>/<competition>`; None takes the defaults.
        overrides: `key=value` each; `recipe.x` sets `x` of every recipe.
        root: folder of presets; those of `locations.preset_folders` unless given.
        submission: a submission whose settings replace the defaults.

    Raises:
        InvalidSettings: with the key, where it was set, what was expected and what was received.
    """
    settings = config_class(competition)()
    if submission is not None:
        from tasks.core.submissions import submissions  # which imports numpy; few commands come here

        source = submissions.find_submission(
            locations.submissions_folder(), submission, competition=competition
        )
        settings = _validated(settings, source.provenance["config"], lambda _: str(source.folder))
    if preset is not None:
        file = preset_files.read(preset_folders(competition, root), preset)
        settings = _validated(settings, merged(_tree(settings), file.tree), file.place)
    settings = _with_overrides(settings, [parse(text) for text in overrides])
    return _with_data_folder(settings, competition)


def config_class(competition: str) -> type[Settings]:
    """A competition's class of settings, without importing the rest; raises InvalidSettings without one."""
    folder = folder_of(competition)
    if is_outside(competition):
        files.check_files(competition, folder)
    module = files.imported(competition, folder, "config")
    schema: type[Settings] = module.Config
    if lacking := [name for name in files.SETTINGS if name not in schema.model_fields]:
        raise InvalidSettings(f"{folder / 'config.py'}: Config lacks the fields {', '.join(lacking)}")
    return schema


def presets(competition: str, root: Path | None = None) -> list[Preset]:
    """The presets of a competition with the comments at the head of their files."""
    return preset_files.listed(preset_folders(competition, root))


def preset_folders(competition: str, root: Path | None = None) -> list[Path]:
    """Where the presets of a competition are looked for, at last in its own folder."""
    if root:
        return [root / competition]
    folders = [folder / competition for folder in locations.preset_folders()]
    return [*folders, folder_of(competition) / PRESETS]


def _tree(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json")


def _with_overrides(settings: Settings, overrides: Sequence[Override]) -> Settings:
    tree = _tree(settings)
    origins: list[tuple[Location, str]] = []
    for override in overrides:
        tree, locations = applied(tree, override)
        origins += [(location, f"--set {shown(override.text)}") for location in locations]
    return _validated(settings, tree, lambda location: _origin(location, origins))


def _origin(location: Location, origins: Sequence[tuple[Location, str]]) -> str:
    """The last override that set this location, a part of it, or a table around it."""
    for set_location, text in reversed(origins):
        shared = min(len(location), len(set_location))
        if location[:shared] == set_location[:shared]:
            return text
    return "--set"


def _validated(settings: Settings, tree: dict[str, Any], place: Callable[[Location], str]) -> Settings:
    """The tree as settings of the same class; read as JSON, since strict types accept lists only there.

    `place` gives the file and line, or the option, that set a location; for messages.
    """
    try:
        return type(settings).model_validate_json(json.dumps(tree), strict=True)
    except ValidationError as error:
        raise InvalidSettings("\n".join(messages(error, _tree(settings), place))) from None


def _with_data_folder(settings: Settings, competition: str) -> Settings:
    """The settings with `$PODIUM_DATA/<competition>` as `data.root`, if that is still the default."""
    folder = locations.data_folder(competition)
    default = _tree(config_class(competition)())["data"]["root"]
    if folder is None or _tree(settings)["data"]["root"] != default:
        return settings
    tree = merged(_tree(settings), {"data": {"root": str(folder)}})
    return _validated(settings, tree, lambda _: "PODIUM_DATA")
