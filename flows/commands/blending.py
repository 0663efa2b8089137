"""`podium blend`: a submission of members that earlier runs have left in the store."""

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.commands.options import Competition, Overrides, PresetName, Source

Members = Annotated[
    str,
    typer.Option(
        metavar="WHICH", help="best:10, all, or recipe names and beginnings of digests with commas."
    ),
]
Method = Annotated[
    Literal["greedy", "stack"] | None,
    typer.Option(help="Greedy averages, or stacking by a logistic model; as blend.method says."),
]
Server = Annotated[bool, typer.Option("--server/--no-server", help="Record the run on a Prefect server.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what would be blended and what is left out.")
]


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

    Data, folds, answers and options of the blend are those of the preset. Members of other records or other
    folds are left out.
    """
    from flows.commands.runs import check_folders, check_paths, checked_name, recorded_at, summary
    from tasks.core.settings import resolve

    started = time.monotonic()
    checked_name(name)
    changes = [*(overrides or ()), *([f"blend.method={method}"] if method else [])]
    config: Any = resolve.resolve(competition, preset=preset, overrides=changes, submission=source)
    check_paths(config.model_copy(update={"recipes": ()}))  # nothing is trained: weights need not be there
    check_folders()
    choice = _chosen(competition, config, members)
    if dry_run:
        return
    url = recorded_at(server)
    run = config.run.model_copy(update={"name": name})
    ended = _run(competition, config.model_copy(update={"run": run}), choice, url=url)
    print(summary(ended.result, seconds=time.monotonic() - started))
    print(_made_of(Path(ended.result["submission"]).parent))
    ended.leave()


def _chosen(competition: str, config: Any, asked: str) -> Any:
    """The members, shown with where each was last used."""
    from flows.blending.provenance import sources
    from flows.blending.selection import choose
    from flows.console import aligned, say
    from flows.humanize import score_text
    from tasks.core import places
    from tasks.core.submissions import submissions

    say("looking for cached members and judging them")
    choice = choose(competition, config, asked)
    for refusal in choice.refused:
        say(f"left out {refusal}")
    told = submissions.listed(places.submissions_folder(), competition)
    rows = [
        (
            name,
            each.member.short,
            score_text(each.verdict.score),
            score_text(each.verdict.validation),
            ", ".join(entry.folder.name for entry in sources(each.member, told)[:1]),
        )
        for name, each in choice.members.items()
    ]
    print(aligned([("member", "digest", "out of fold", "validation", "last used by"), *rows]))
    return choice


def _run(competition: str, config: Any, choice: Any, *, url: str | None) -> Any:
    """How the flow ended, called with the members' own recipes and models for provenance and report."""
    from flows.blending.flow import blending  # imports Prefect, which reads the environment
    from flows.blending.provenance import models_of_members, with_recipes
    from flows.console import say, show_logs
    from flows.runtime.server_loss import carried_out
    from tasks.core import places
    from tasks.core.submissions import submissions

    show_logs()
    members = {name: each.member for name, each in choice.members.items()}
    told = submissions.listed(places.submissions_folder(), competition)
    digests = ",".join(member.short for member in members.values())
    command = f"podium blend {competition} --from {{folder}} --members {digests}"
    return carried_out(
        blending,
        competition,
        with_recipes(config, members, told),
        {name: member.artifact for name, member in members.items()},
        models_of_members(members),
        command,
        name=config.run.name,
        url=url,
        say=say,
    )


def _made_of(folder: Path) -> str:
    """What each member counts, and what they gain together over the best of them."""
    from flows.console import aligned
    from flows.humanize import gain_text, nested_text
    from tasks.core.submissions import submissions

    provenance = submissions.read(folder).provenance
    weights = {name: each["weight"] for name, each in provenance["members"].items() if each["weight"]}
    ordered = sorted(weights.items(), key=lambda entry: -entry[1])
    # weights that score best were chosen on the records they are scored on; a stack is nested by the folds
    note = ", on the records the weights were chosen on" if _is_greedy(provenance) else ""
    rows = [
        ("gain      ", gain_text(provenance.get("gain")) + note),
        ("nested", nested_text(provenance.get("nested"))),
        ("weights", ", ".join(f"{name} {weight:.3f}" for name, weight in ordered)),
    ]
    return aligned(row for row in rows if row[1])


def _is_greedy(provenance: dict[str, Any]) -> bool:
    method = provenance["config"].get("blend", {}).get("method")
    return bool(method == "greedy")
