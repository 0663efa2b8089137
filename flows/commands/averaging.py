"""`podium average`: a member with the mean weights of others, and its submission."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from flows.commands.options import Competition, Overrides, PresetName, Server, Source, resolved
from flows.commands.runs import connect_server, summary, validated_name
from flows.console import aligned, inform, note, say
from flows.humanize import gain_text, nested_text, score_text
from flows.runtime.preflight import check_machine, check_paths
from tasks.core import locations

Members = Annotated[
    list[str],
    typer.Argument(
        metavar="MEMBER...", help="Names or digest prefixes, as `podium members list` shows them."
    ),
]
Method = Annotated[
    Literal["uniform", "greedy"],
    typer.Option(help="Average all of them, or from the best on those with which the mean scores no worse."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check and print what would be averaged.")]


def average(
    competition: Competition,
    members: Members,
    method: Method = "uniform",
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    server: Server = True,
    name: Annotated[str, typer.Option(help="Name of the new member, the run and its submission.")] = "soup",
    dry_run: DryRun = False,
) -> None:
    """Average the weights of members into a new one (a model soup), and submit it; nothing is trained.

    The new member is as fast as one of them. They must have one architecture, the same folds, and the same
    settings of prediction. It pays where they were fine-tuned from the same weights; of networks trained from
    different random weights the mean predicts nothing.
    """
    started = time.monotonic()
    validated_name(name)
    config = resolved(competition, preset, overrides, source)
    check_paths(config.model_copy(update={"recipes": ()}))  # no training needs pretrained weights
    check_machine()
    ingredients = _find(competition, config, members, name)
    if dry_run:
        return
    url = connect_server(server)
    run = config.run.model_copy(update={"name": name})
    outcome = _run(
        competition, ingredients.config.model_copy(update={"run": run}), ingredients, method, url=url
    )
    say(_outcome_text(competition, name, outcome.result, seconds=time.monotonic() - started))
    outcome.exit_if_unrecorded()


def _find(competition: str, config: Any, members: list[str], name: str) -> Any:
    """Find the members, check that they are alike, and print each with its score."""
    from flows.blending.soup_ingredients import find_ingredients
    from tasks.core.submissions import submissions

    note("looking for the members and comparing their models")
    entries = submissions.listed(locations.submissions_folder(), competition)
    found = find_ingredients(competition, config, ",".join(members), name=name, submissions=entries)
    rows = [
        (each, ingredient.member.digest[:8], score_text(ingredient.evaluation.score))
        for each, ingredient in found.members.items()
    ]
    say(aligned([("member", "digest", "out of fold"), *rows]))
    return found


def _run(competition: str, config: Any, ingredients: Any, method: str, *, url: str | None) -> Any:
    """The outcome of the flow."""
    from flows.blending.averaging import averaging  # imports Prefect, which reads the environment
    from flows.display.live import showing_run
    from flows.runtime.server_loss import run_flow

    digests = " ".join(each.member.digest[:8] for each in ingredients.members.values())
    options = f"--from {{folder}} --name {config.run.name} --method {method}"
    command = f"podium average {{competition}} {digests} {options}"
    arguments = (competition, config, ingredients, method, command)
    with showing_run():
        return run_flow(
            averaging, *arguments, name=config.run.name, tags=(competition,), url=url, inform=inform
        )


def _outcome_text(competition: str, name: str, result: dict[str, Any], *, seconds: float) -> str:
    """A table of the submission, the soup's gain, what was averaged, and where to go next."""
    soup: Mapping[str, Any] = result["soup"]
    chosen = [each for each, facts in soup["ingredients"].items() if facts["chosen"]]
    if "submission" not in result:
        return f"no soup scores as well as {chosen[0]} alone: there is nothing to average, and no submission"
    greedily = ", on the records by which it was chosen" if soup["method"] == "greedy" else ""
    left_out = [each for each in soup["ingredients"] if each not in chosen]
    rows = [
        ("gain", gain_text(soup["gain"]) + greedily),
        ("nested", nested_text(soup["nested"])),
        ("averaged", ", ".join(chosen)),
        ("left out", ", ".join(left_out)),
        ("next", _next(competition, name, soup)),
    ]
    shown = aligned(row for row in rows if row[1])
    return f"{summary(result, seconds=seconds)}\n{shown}"


def _next(competition: str, name: str, soup: Mapping[str, Any]) -> str:
    """What to do with the soup: blend it, or what it was made of where it is much worse than the best."""
    gain = soup["gain"]
    if gain["value"] + 2 * gain["standard_error"] >= 0:
        return f"podium blend {competition} --members {name},…"
    refusal, members = "these weights do not average well", list(soup["ingredients"])
    if len(members) == 1:
        return f"{refusal}; {members[0]} is the mean of what the models of its seeds predict"
    return f"{refusal}; podium blend {competition} --members {','.join(members)} averages what they predict"
