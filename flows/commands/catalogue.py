"""`podium list` and `podium check`: competitions, presets and raw files."""

from typing import Any

import typer

from flows import json_output
from flows.commands.options import Competition, Overrides, PresetName, resolved
from flows.console import aligned, inform, say, show_logs
from flows.json_output import Json, say_json
from flows.runtime.preflight import check_before_run
from tasks.core import locations
from tasks.core.errors import InvalidData, Problem, UserError
from tasks.core.printable import printable, printable_lines

UNDESCRIBED = "(not described: a comment at the head of its file would stand here)"


def list_(as_json: Json = False) -> None:
    """List competitions, their presets, and where their data is expected."""
    from tasks.core.contract.folders import absent_folders, competition_names  # which imports no numpy
    from tasks.core.settings import resolve

    found = []
    for name in competition_names():
        try:
            config: Any = resolve.resolve(name)
        except UserError as error:
            typer.echo(f"{name}\n  cannot be used: {printable_lines(str(error))}", err=True)
            continue
        found.append((name, locations.expand(config.data.root), resolve.presets(name)))
    for folder in absent_folders():
        inform(f"PODIUM_COMPETITIONS names {folder}, which is not there; podium new makes it")
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
    report = count(competition, config.data)
    if as_json:
        say_json("check", {"competition": competition, "counts": report["counts"], "notes": report["notes"]})
        return
    say(aligned([(name, f"{count:,}") for name, count in report["counts"].items()]))
    for note in report["notes"]:
        say(f"\n{printable(note['kind'])}: {printable(note['message'])}")
        for example in note["examples"]:
            say(f"  {printable(str(example))}")
    say("\nThe raw files can be used.")


def count(competition: str, data: Any) -> dict[str, Any]:
    """Counts and notes of the raw files, by `count` of the competition's `data.py` or by loading all."""
    from tasks.core.competition import find, module_of
    from tasks.core.dataset import notes
    from tasks.core.files.temporary import temporary_folder

    contract = find(competition)
    if own := getattr(module_of(competition, "data"), "count", None):
        found: dict[str, Any] = own(data)
        return found
    problems = list[Problem]()
    with temporary_folder() as folder:
        for part in contract.parts:
            try:
                contract.load(data, part, folder)
            except InvalidData as error:
                problems += error.problems
        if problems:
            raise InvalidData(problems)
        summary = notes(folder, contract.parts)
        return {**summary, "notes": [*summary["notes"], *contract.overlap(folder)]}
