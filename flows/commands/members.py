"""`podium members …`: list members, write their scores to files, add predictions of other programs."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows import json_output
from flows.commands.options import Competition, Overrides, PresetName, Source, resolved
from flows.console import aligned, inform, say, show_logs
from flows.humanize import score_text
from flows.json_output import Json, say_json
from flows.runtime.preflight import check_machine, check_paths
from tasks.core.errors import InvalidSettings

FileOption = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help=".csv, .parquet or .npz; of candidates .jsonl; with --models a folder.",
    ),
]
Models = Annotated[bool, typer.Option("--models", help="Write the networks in place of the scores.")]
Format = Annotated[
    Literal["keras", "onnx", "savedmodel"] | None,
    typer.Option("--format", help="Of --models: Keras's own format (the default), ONNX, or SavedModel."),
]
PartOption = Annotated[
    Literal["out_of_fold", "validation", "test"] | None,
    typer.Option("--part", help="Only the scores of these records; by default all in one file."),
]
OutOfFold = Annotated[
    Path,
    typer.Option("--oof", metavar="FILE", help="Out-of-fold scores of the training records."),
]
Test = Annotated[Path, typer.Option("--test", metavar="FILE", help="Scores of the test records.")]
Validation = Annotated[
    Path | None, typer.Option("--validation", metavar="FILE", help="Scores of the validation records.")
]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def list_(competition: Competition, as_json: Json = False) -> None:
    """List the members in the store, newest first: scores, where their files lie, settings that differ."""
    from flows.blending.member_table import member_rows
    from tasks.core.cache.store import Store
    from tasks.core.competition import raise_if_unknown

    raise_if_unknown(competition)
    store = Store.current()
    rows = member_rows(store, competition)
    if as_json:
        say_json("members list", json_output.members(competition, rows, store))
        return
    if not rows:
        inform(f"no members of {competition} in {store.root}")
        return
    table = [
        (
            row.member.recipe,
            row.member.short,
            row.member.record["finished"][:16].replace("T", " "),
            score_text(row.score) or "its files are gone or damaged",
            str(store.artifact_folder(row.member.artifact)),
            ", ".join(f"{key}={value}" for key, value in row.differences.items()),
        )
        for row in rows
    ]
    say(aligned([("member", "digest", "when (UTC)", "out of fold", "files", "settings that differ"), *table]))


def export(
    competition: Competition,
    member: Annotated[str, typer.Argument(help="Name of a member, or the beginning of its digest.")],
    output: FileOption,
    models: Models = False,
    format: Format = None,
    part: PartOption = None,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
) -> None:
    """Write a member's scores to a file, by id: with part, fold and truth, a column for each class.

    Data and folds come from the preset. Candidates are written as JSON lines in the submission's own format,
    each with its score.

    With --models, write the network of each fold to a folder, as files that plain Keras, ONNX Runtime or
    TensorFlow open; README.txt there says what they read and answer. Each file is read back and compared.
    """
    from flows.blending import member_exchange

    if models:
        _export_models(
            competition, member, output, format or "keras", part=part, settings=(preset, overrides, source)
        )
        return
    if format is not None:
        raise InvalidSettings(
            "--format: expected only with --models; the ending of --output names a file's format"
        )
    config = _config(competition, preset, overrides, source)
    counts = member_exchange.export(competition, config, member, output, part=part)
    say(f"{output}: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")


def _export_models(
    competition: str, member: str, folder: Path, format: str, *, part: str | None, settings: Any
) -> None:
    from flows.blending.model_export import export_models

    if part is not None:
        raise InvalidSettings("--part: expected only without --models, since networks answer any records")
    show_logs()
    for file in export_models(competition, _config(competition, *settings), member, folder, format=format):
        say(file)
    say(folder / "README.txt")


def add(
    competition: Competition,
    name: Annotated[str, typer.Option(help="Name of the new member.")],
    oof: OutOfFold,
    test: Test,
    validation: Validation = None,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
) -> None:
    """Add predictions made with any program as a member, which is then blended like any other.

    Files have the form that `podium members export` writes; part, fold and truth may be left out. Ids must be
    exactly those of the records, and scores probabilities. The folds must be those of the preset: export any
    member to see them.
    """
    from flows.blending import member_exchange

    if not NAME.fullmatch(name) or name in ("all", "best"):
        expected = "letters, digits, dots, dashes and underscores, and neither all nor best"
        raise InvalidSettings(f"--name: expected {expected}, received {name!r}")
    config = _config(competition, preset, overrides, source)
    files = {"out_of_fold": oof, "test": test, **({"validation": validation} if validation else {})}
    added = member_exchange.add(competition, config, name, {part: str(file) for part, file in files.items()})
    for part in added.lacking:
        inform(f"no scores of {part} records: {name} is left out of blends that have them; see --{part}")
    say(aligned([(name, added.artifact.digest[:8], score_text(added.score), str(added.artifact.path))]))


def _config(competition: str, preset: str | None, overrides: list[str] | None, source: str | None) -> Any:
    config = resolved(competition, preset, overrides, source)
    check_paths(config.model_copy(update={"recipes": ()}))  # no training needs pretrained weights
    check_machine()
    return config
