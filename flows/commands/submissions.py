"""`podium submissions …`: show and compare submissions, check files, record public scores."""

from pathlib import Path
from typing import Annotated, Any

import typer

from flows import json_output
from flows.commands.options import Overrides, PresetName, SubmissionName, resolved
from flows.console import aligned, inform, say, show_logs
from flows.humanize import gain_text, nested_text, score_text
from flows.json_output import Json, say_json
from tasks.core import locations

CompetitionOption = Annotated[str, typer.Option("--competition", "-c", help="Name of a competition.")]


def show(name: SubmissionName, as_json: Json = False) -> None:
    """Show a submission's scores, members, settings and the command that rebuilds it."""
    from tasks.core.cache.acceptances import text_of
    from tasks.core.submissions import public_scores, submissions

    entry = submissions.find_submission(locations.submissions_folder(), name)
    if as_json:
        say_json("submissions show", json_output.submission(entry))
        return
    provenance = entry.provenance
    git, members = provenance.get("git") or {}, provenance.get("members") or {}
    public, competition = provenance.get("public_score"), entry.folder.parent.name
    commit = f"{git.get('commit')}{' with uncommitted changes' if git.get('dirty') else ''}"
    rows = [
        ("submission", entry.name),
        ("file", entry.file),
        ("sha256", provenance.get("file_sha256")),
        ("created", provenance.get("created")),
        ("commit", commit if git.get("commit") else None),
        ("command", provenance.get("command")),
        ("score", score_text(provenance.get("score"))),
        ("gain", gain_text(provenance.get("gain"))),
        ("nested", nested_text(provenance.get("nested"))),
        *(("left out", f"{name}: {why}") for name, why in (provenance.get("left_out") or {}).items()),
        *(("accepted", text_of(each)) for each in provenance.get("accepted") or ()),
        ("public score", None if public is None else f"{public:g} ({public_scores.meaning(competition)})"),
        *((f"member {member}", _member(facts)) for member, facts in members.items()),
        *_ingredients(provenance.get("ensemble") or {}),
        *_member_files(provenance.get("ensemble") or {}, _averaged(provenance.get("steps") or [])),
    ]
    say(aligned([(key, value) for key, value in rows if value not in (None, "")]))
    say("\nsettings")
    say(aligned([("", key, _plain(value)) for key, value in submissions.flat(provenance.get("config"))]))


def diff(first: SubmissionName, second: SubmissionName, as_json: Json = False) -> None:
    """Show what differs between two submissions: settings, data, libraries, code, answers."""
    from tasks.core.submissions import submissions

    root = locations.submissions_folder()
    one, two = submissions.find_submission(root, first), submissions.find_submission(root, second)
    differences, answers = submissions.differences(one, two), submissions.answer_difference(one, two)
    if as_json:
        say_json("submissions diff", json_output.submission_difference(one, two, differences, answers))
        return
    say(f"{one.name} → {two.name}")
    for part, changes in differences.items():
        title = {"config": "settings"}.get(part, part)
        say(f"\n{title}: {'the same' if not changes else f'{len(changes)} differ'}")
        if changes:
            say(aligned(("", key, f"{_plain(a)} → {_plain(b)}") for key, a, b in changes))
    share = answers.different / max(answers.total, 1)
    say(f"\nanswers: {answers.different:,} of {answers.total:,} lines differ ({share:.1%})")
    if answers.examples:
        say(aligned(("", f"line {line}", f"{a!r} → {b!r}") for line, a, b in answers.examples))


def validate(
    file: Annotated[Path, typer.Argument(help="The file to upload.")],
    competition: CompetitionOption,
    preset: PresetName = None,
    overrides: Overrides = None,
) -> None:
    """Check a file against the competition's rules and its raw files."""
    from tasks.core.submissions import submissions

    config = resolved(competition, preset, overrides)
    show_logs()
    count = submissions.validate(competition, file, config)
    say(f"{file}: {count:,} valid lines")


def record_score(
    name: SubmissionName,
    score: Annotated[float, typer.Argument(help="The public score, as shown on the leaderboard.")],
) -> None:
    """Write the public score into a submission's provenance, in the terms of the leaderboard."""
    from tasks.core.submissions import public_scores, submissions

    entry = submissions.find_submission(locations.submissions_folder(), name)
    competition = entry.folder.parent.name
    public_scores.check(competition, score)
    submissions.record_score(entry, score)
    say(f"{entry.name}: public score {score:g} ({public_scores.meaning(competition)})")
    if public_scores.looks_opposite(entry, score):
        own = score_text(entry.provenance["score"])
        inform(
            f"it is nearer to the {own} out of fold than its opposite is; record {1 - score:g} if it is that"
        )


def _member_files(ensemble: dict[str, Any], averaged: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Where the scores and the models of each member lie in the store: folders."""
    from tasks.core.cache.store import Artifact, Store

    rows = []
    for name, described in ensemble.get("members", {}).items():
        scores = [Artifact.model_validate(described["member"]).name, *averaged.get(name, ())]
        models = [Artifact.model_validate(each).name for each in described["models"]]
        for title, artifacts in ((f"scores of {name}", scores), (f"models of {name}", models)):
            paths = [str(Store.current().root / "artifacts" / each) for each in artifacts]
            rows += [(title if place == 0 else "", path) for place, path in enumerate(paths)]
    return rows


def _averaged(steps: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Artifacts with scores of validation and test records, by member; those added from files have none."""
    found: dict[str, list[str]] = {}
    for step in steps:
        if step.get("step") == "average" and step.get("artifact"):
            name = step.get("label", "").removeprefix("average ").rpartition(" ")[0]
            found.setdefault(name, []).append(step["artifact"])
    return found


def _ingredients(ensemble: dict[str, Any]) -> list[tuple[str, str]]:
    """The members whose weights were averaged to a member of the submission."""
    return [
        (f"average of {name}", f"{score_text(each['score'])}{'' if each['chosen'] else ', left out'}")
        for described in ensemble.get("members", {}).values()
        for name, each in described.get("soup", {}).get("ingredients", {}).items()
    ]


def _member(facts: Any) -> str:
    if not isinstance(facts, dict):
        return str(facts)
    weight = facts.get("weight")
    return score_text(facts.get("score")) + (f", weight {weight:.3f}" if weight is not None else "")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "(none)" if value is None else str(value) or '""'
