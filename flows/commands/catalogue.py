"""`podium list` and `podium check`: competitions, presets and raw files."""

from importlib import import_module
from typing import Any

from flows import json_output
from flows.commands.options import Competition, Overrides, PresetName, resolved
from flows.console import aligned, say, show_logs
from flows.json_output import Json, say_json
from flows.runtime.preflight import check_before_run
from tasks.core import locations
from tasks.core.printable import printable

UNDESCRIBED = "(not described: a comment at the head of its file would stand here)"


def list_(as_json: Json = False) -> None:
    """List competitions, their presets, and where their data is expected."""
    from tasks.core.competition import competition_names
    from tasks.core.settings import resolve

    found = []
    for name in competition_names():
        config: Any = resolve.resolve(name)
        found.append((name, locations.expand(config.data.root), resolve.presets(name)))
    if as_json:
        say_json("list", json_output.competitions(found))
        return
    for name, folder, presets in found:
        state = "there" if folder.is_dir() else "not there: set data.root or PODIUM_DATA"
        say(f"{name}\n  data in {printable(str(folder))} ({state})")
        say(aligned([("", preset.name, preset.sentence or UNDESCRIBED) for preset in presets]))


def check(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    as_json: Json = False,
) -> None:
    """Validate the raw files and print their counts and irregularities; nothing is trained."""

    config = resolved(competition, preset, overrides)
    show_logs()
    check_before_run(config, preset)
    report = import_module(f"tasks.{competition}.data").count(config.data)
    if as_json:
        say_json("check", {"competition": competition, "counts": report["counts"], "notes": report["notes"]})
        return
    say(aligned([(name, f"{count:,}") for name, count in report["counts"].items()]))
    for note in report["notes"]:
        say(f"\n{printable(note['kind'])}: {printable(note['message'])}")
        for example in note["examples"]:
            say(f"  {printable(str(example))}")
    say("\nThe raw files can be used.")
