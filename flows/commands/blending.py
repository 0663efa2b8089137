"""`podium blend`: a submission from members that earlier runs left in the store."""

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.commands.options import Competition, Overrides, PresetName, Server, Source, resolved
from flows.commands.runs import connect_server, summary, validated_name
from flows.console import aligned, inform, note, say
from flows.humanize import gain_text, nested_text, score_text
from flows.runtime.preflight import check_machine, check_paths
from tasks.core import locations

Members = Annotated[
    str,
    typer.Option(metavar="WHICH", help="best:10, all, or recipe names and digest prefixes, comma-separated."),
]
Method = Annotated[
    Literal["greedy", "stack"] | None,
    typer.Option(help="Greedy averaging, or stacking by a logistic model; by default blend.method."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only print what would be blended and left out.")]


def blend(
    competition: Competition,
    members: Members = "best:10",
    method: Method = None,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    server: Server = True,
    name: Annotated[str, typer.Option(help="Name of the run and its submission.")] = "blend",
    dry_run: DryRun = False,
) -> None:
    """Blend cached members of any presets and runs into a submission; nothing is trained.

    Data, folds, answers and the options of the blend come from the preset. Members of other records or folds
    are left out.
    """
    started = time.monotonic()
    validated_name(name)
    changes = [*(overrides or ()), *([f"blend.method={method}"] if method else [])]
    config = resolved(competition, preset, changes, source)
    check_paths(config.model_copy(update={"recipes": ()}))  # no training needs pretrained weights
    check_machine()
    choice = _choose(competition, config, members)
    if dry_run:
        return
    url = connect_server(server)
    run = config.run.model_copy(update={"name": name})
    outcome = _run(competition, config.model_copy(update={"run": run}), choice, url=url)
    say(summary(outcome.result, seconds=time.monotonic() - started))
    say(_composition(Path(outcome.result["submission"]).parent))
    outcome.exit_if_unrecorded()


def _choose(competition: str, config: Any, members: str) -> Any:
    """Choose the members, and print each with its scores and the submission that last used it."""
    from flows.blending.member_selection import choose
    from flows.members.member_provenance import predictor, submissions_with
    from tasks.core.submissions import submissions

    note("looking for cached members and scoring them")
    entries = submissions.listed(locations.submissions_folder(), competition)
    choice = choose(competition, config, members, can_predict=predictor(type(config), entries))
    for refusal in choice.unusable:
        inform(f"left out {refusal}")
    rows = [
        (
            name,
            each.member.short,
            score_text(each.evaluation.score),
            ", ".join(entry.folder.name for entry in submissions_with(each.member, entries)[:1]),
        )
        for name, each in choice.members.items()
    ]
    say(aligned([("member", "digest", "out of fold", "last used by"), *rows]))
    return choice


def _run(competition: str, config: Any, choice: Any, *, url: str | None) -> Any:
    """The outcome of the flow, which takes the members' recipes and models for provenance and report."""
    from flows.blending.flow import blending  # imports Prefect, which reads the environment
    from flows.display.live import showing_run
    from flows.members.member_provenance import earlier_members, with_recipes
    from flows.runtime.server_loss import run_flow
    from tasks.core.submissions import submissions

    members = {name: each.member for name, each in choice.members.items()}
    entries = submissions.listed(locations.submissions_folder(), competition)
    digests = ",".join(member.short for member in members.values())
    command = f"podium blend {competition} --from {{folder}} --members {digests}"
    settings = with_recipes(config, members, entries)
    earlier = earlier_members(members, type(config), entries)
    arguments = (competition, settings, earlier, command)
    with showing_run():
        return run_flow(
            blending, *arguments, name=config.run.name, tags=(competition,), url=url, inform=inform
        )


def _composition(folder: Path) -> str:
    """A table of the members' weights, and of the blend's gain over its best member."""
    from tasks.core.submissions import submissions

    provenance = submissions.read(folder).provenance
    weights = {name: each["weight"] for name, each in provenance["members"].items() if each["weight"]}
    ordered = sorted(weights.items(), key=lambda entry: -entry[1])
    # greedy weights are chosen on the records they are scored on; stacking is cross-fitted over the folds
    is_greedy = provenance["config"].get("blend", {}).get("method") == "greedy"
    note = ", on the records the weights were chosen on" if is_greedy else ""
    rows = [
        ("gain      ", gain_text(provenance.get("gain")) + note),
        ("nested", nested_text(provenance.get("nested"))),
        ("weights", ", ".join(f"{name} {weight:.3f}" for name, weight in ordered)),
    ]
    return aligned(row for row in rows if row[1])
