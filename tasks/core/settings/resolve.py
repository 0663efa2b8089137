"""From a preset and `--set` to a competition's settings, or one message about what is wrong.

Three layers, each over the one before: the defaults in `tasks/<competition>/config.py`,
the differences in `conf/<competition>/<preset>.toml`, the overrides of the command line.
Each layer is validated before the next, so that a mistake is laid at the right door.
"""

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.core import competition as competitions
from tasks.core import places
from tasks.core.config import Settings
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings
from tasks.core.settings import presets as preset_files
from tasks.core.settings.error_messages import explained, located, told
from tasks.core.settings.overrides import Location, Override, applied, laid_over, parse
from tasks.core.settings.presets import Preset, PresetFile
from tasks.core.submissions import submissions

Place = Callable[[Location], str]
"""Where the setting at a location was set, for messages."""


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
        competition: its name.
        preset: name of a file in `<root>/<competition>`; None takes the defaults.
        overrides: `key=value` each; `recipe.x` sets `x` of every recipe.
        root: folder of presets, `conf` of the checkout unless given.
        submission: a submission whose settings replace the defaults.

    Raises:
        InvalidSettings: names the key, where it was set, what was expected and what came.
    """
    settings = config_class(competition)()
    if submission is not None:
        found = submissions.named(places.submissions_folder(), submission)
        settings = _validated(settings, found.provenance["config"], lambda _: str(found.folder))
    if preset is not None:
        file = preset_files.read(_folder(competition, root), preset)
        settings = _with_preset(settings, file)
    parsed = [parse(text) for text in overrides]
    settings = _with_overrides(settings, parsed)
    return _with_data_folder(settings, competition)


def config_class(competition: str) -> type[Settings]:
    """The schema of a competition's settings; the competition itself is not loaded.

    Raises:
        InvalidSettings: no competition has this name.
    """
    known = competitions.competition_names()
    if competition not in known:
        received = f"{competition!r}{suggestion(competition, known)}"
        raise InvalidSettings(f"competition: expected one of {', '.join(known)}, received {received}")
    schema: type[Settings] = import_module(f"tasks.{competition}.config").Config
    return schema


def presets(competition: str, root: Path | None = None) -> list[Preset]:
    """The presets of a competition with the comments that head their files."""
    return preset_files.listed(_folder(competition, root))


def _folder(competition: str, root: Path | None) -> Path:
    return (root or places.presets_folder()) / competition


def _tree(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json")


def _with_preset(settings: Settings, file: PresetFile) -> Settings:
    return _validated(settings, laid_over(_tree(settings), file.tree), file.place)


def _with_overrides(settings: Settings, overrides: Sequence[Override]) -> Settings:
    tree = _tree(settings)
    origins: list[tuple[Location, str]] = []
    for override in overrides:
        tree, locations = applied(tree, override)
        origins += [(location, f"--set {override.text}") for location in locations]
    return _validated(settings, tree, lambda location: _origin(location, origins))


def _origin(location: Location, origins: Sequence[tuple[Location, str]]) -> str:
    """The last override that set this location, something in it, or something around it."""
    for set_location, text in reversed(origins):
        shared = min(len(location), len(set_location))
        if location[:shared] == set_location[:shared]:
            return text
    return "--set"


def _validated(settings: Settings, tree: dict[str, Any], place: Place) -> Settings:
    """The tree as settings of the same class; by JSON, where strict types still allow lists."""
    try:
        return type(settings).model_validate_json(json.dumps(tree, default=str), strict=True)
    except ValidationError as error:
        known = _tree(settings)
        findings = told(error.errors())
        lines = [f"{place(located(finding))}: {explained(finding, known)}" for finding in findings]
        raise InvalidSettings("\n".join(lines)) from None


def _with_data_folder(settings: Settings, competition: str) -> Settings:
    """`$PODIUM_DATA/<competition>` for `data.root`, where that is still the default."""
    folder = places.data_folder(competition)
    default = _tree(config_class(competition)())["data"]["root"]
    if folder is None or _tree(settings)["data"]["root"] != default:
        return settings
    tree = laid_over(_tree(settings), {"data": {"root": str(folder)}})
    return _validated(settings, tree, lambda _: "PODIUM_DATA")
