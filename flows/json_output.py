"""What commands print with `--json`: one object on stdout, for scripts; flows/README.md describes its fields.

Every object has `schema`, which is raised when a field changes its meaning or goes, and `command`. Fields may
be added without that. Numbers are numbers, absent values null; paths are strings and absolute, times strings
in ISO 8601. Nothing else goes to stdout. Errors are the messages on stderr and the exit codes that they are
without `--json`; stdout is empty then.
"""

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tasks.core.masking import masked

SCHEMA = 1

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON for scripts; its fields are in flows/README.md.")
]


def say_json(command: str, fields: Mapping[str, Any]) -> None:
    """Print the object of a command; passwords of addresses in it are masked.

    All characters beyond ASCII are escaped, so that no encoding and no terminal matters.
    """
    content = _plain({"schema": SCHEMA, "command": command, **fields})
    sys.stdout.write(json.dumps(content, indent=1, allow_nan=False) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    """The value as JSON: paths as text, and null for numbers that JSON does not have."""
    if isinstance(value, Mapping):
        return {masked(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return masked(value.absolute())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return masked(value) if isinstance(value, str) else value


def competitions(found: Iterable[tuple[str, Path, Sequence[Any]]]) -> dict[str, Any]:
    """Of `list`: names, folders of data and presets (`tasks.core.settings.presets.Preset`)."""
    return {
        "competitions": [
            {
                "name": name,
                "data": folder,
                "has_data": folder.is_dir(),
                "presets": [{"name": each.name, "description": each.sentence} for each in presets],
            }
            for name, folder, presets in found
        ]
    }


def plan(
    competition: str, steps: Sequence[Any], *, slots: int, seconds: float, unknown: int
) -> dict[str, Any]:
    """Of `plan`: its `PlannedStep`s, and the time they take on the slots, as far as it is known."""
    states = [step.state for step in steps]
    return {
        "competition": competition,
        "steps": [
            {
                "label": step.label,
                "step": step.step or None,
                "state": step.state,
                "reason": step.reason,
                "waits_for": step.waits_for,
                "seconds": step.seconds,
            }
            for step in steps
        ],
        "counts": {state: states.count(state) for state in ("cached", "run", "maybe")},
        "slots": slots,
        "seconds": seconds,
        "steps_of_unknown_time": unknown,
    }


def submissions(
    boards: Mapping[str, Sequence[Any]], agreements: Mapping[str, Any], root: Path
) -> dict[str, Any]:
    """Of `submissions list`: leaderboard entries, and the agreement of scores, by competition."""
    return {
        "submissions": [
            {
                "name": f"{competition}/{each.name}",
                "competition": competition,
                "folder": root / competition / each.name,
                "created": each.when.isoformat() if each.when else None,
                "score": _score(each.metric, each.score),
                "validation": _score(each.metric, each.validation),
                "public_score": each.public,
                "changed": each.changed,
            }
            for competition, entries in boards.items()
            for each in entries
        ],
        "rank_agreement": {
            competition: agreement._asdict() if agreement else None
            for competition, agreement in agreements.items()
        },
    }


def _score(metric: str, estimate: Any) -> dict[str, Any] | None:
    """A leaderboard's estimate in the form of scores elsewhere."""
    if estimate is None:
        return None
    return {"name": metric, "value": estimate.value, "standard_error": estimate.standard_error}


def submission(entry: Any) -> dict[str, Any]:
    """Of `submissions show`: where it lies, and its provenance as the file has it."""
    report = entry.folder / "report.html"
    return {
        "name": entry.name,
        "folder": entry.folder,
        "file": entry.file,
        "report": report if report.is_file() else None,
        "provenance": entry.provenance,
    }


def submission_difference(
    one: Any, two: Any, differences: Mapping[str, Sequence[Any]], answers: Any
) -> dict[str, Any]:
    """Of `submissions diff`: the keys that differ by part, with both values, and the lines that do."""
    return {
        "first": one.name,
        "second": two.name,
        "differences": {
            {"config": "settings"}.get(part, part): [each._asdict() for each in changes]
            for part, changes in differences.items()
        },
        "answers": {
            "different": answers.different,
            "total": answers.total,
            "examples": [{"line": line, "first": a, "second": b} for line, a, b in answers.examples],
        },
    }


def members(competition: str, rows: Sequence[Any], store: Any) -> dict[str, Any]:
    """Of `members list`: `MemberRow`s, the newest first."""
    return {
        "competition": competition,
        "members": [
            {
                "name": row.member.recipe,
                "digest": row.member.artifact.digest,
                "finished": row.member.record["finished"],
                "score": row.score,
                "folder": store.artifact_folder(row.member.artifact),
                "added_from_files": row.member.is_foreign,
                "differences": row.differences,
            }
            for row in rows
        ],
    }
