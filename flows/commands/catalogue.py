"""`podium list` and `podium check`: competitions, presets and raw files."""

from importlib import import_module
from typing import Any

from flows.commands.options import Competition, Overrides, PresetName, resolved
from flows.console import aligned, say, show_logs
from flows.runtime.preflight import check_paths
from tasks.core import locations
from tasks.core.printable import printable


def list_() -> None:
    """List competitions, their presets, and where their data is expected."""
    from tasks.core.competition import competition_names
    from tasks.core.settings import resolve

    for name in competition_names():
        config: Any = resolve.resolve(name)
        folder = locations.expand(config.data.root)
        state = "there" if folder.is_dir() else "not there: set data.root or PODIUM_DATA"
        say(f"{name}\n  data in {printable(str(folder))} ({state})")
        presets = resolve.presets(name)
        say(aligned([("", preset, header.partition("\n")[0]) for preset, header in presets]))


def check(competition: Competition, preset: PresetName = None, overrides: Overrides = None) -> None:
    """Validate the raw files and print their counts and irregularities; nothing is trained."""

    config = resolved(competition, preset, overrides)
    show_logs()
    check_paths(config)
    report = import_module(f"tasks.{competition}.data").count(config.data)
    say(aligned([(name, f"{count:,}") for name, count in report["counts"].items()]))
    for note in report["notes"]:
        say(f"\n{printable(note['kind'])}: {printable(note['message'])}")
        for example in note["examples"]:
            say(f"  {printable(str(example))}")
    say("\nThe raw files can be used.")
