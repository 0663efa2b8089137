"""`podium search`."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands.options import Competition, Overrides, PresetName, Server, Source, resolved
from flows.commands.runs import connect_server
from flows.console import aligned, inform, say
from flows.humanize import duration, parse_duration, score_text
from flows.json_output import Json, say_json
from flows.runtime.preflight import check_machine, check_paths

STUDIES = "PODIUM_STUDIES"
Trials = Annotated[
    int, typer.Option(min=1, help="Total number of finished trials of the study, earlier ones included.")
]
Timeout = Annotated[
    str | None, typer.Option(help="Stop after this time with the best trial so far: 90m, 8h, 2d.")
]
Study = Annotated[
    str | None,
    typer.Option(help="Name of the study and of the preset it writes; by default <preset>-search."),
]
Workers = Annotated[
    int, typer.Option(min=0, help="Trials at the same time; 0: one for each slot of the machine.")
]
Recipe = Annotated[str, typer.Option(help="The recipe to search, if the preset has several.")]
Only = Annotated[
    list[str] | None,
    typer.Option(help="Search only settings under this key, such as recipe.training; may be repeated."),
]
Pruner = Annotated[str, typer.Option(help="How trials are pruned: median, hyperband or none.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the suggestions.")]
Storage = Annotated[
    str,
    typer.Option(envvar=STUDIES, show_envvar=True, help="URL of a database of studies that machines share."),
]


def search(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    trials: Trials = 100,
    timeout: Timeout = None,
    study: Study = None,
    workers: Workers = 0,
    recipe: Recipe = "",
    only: Only = None,
    pruner: Pruner = "median",
    seed: Seed = 0,
    storage: Storage = "",
    server: Server = True,
    as_json: Json = False,
) -> None:
    """Search for better settings by cross-validation; the best trial becomes a preset.

    The same command continues a study that was stopped, or adds trials to it.
    """
    started = time.monotonic()
    _warn_of_password(storage)
    config = resolved(competition, preset, overrides, source)
    settings = _settings(
        trials=trials,
        timeout_seconds=parse_duration(timeout, option="--timeout").total_seconds() if timeout else 0.0,
        study=f"{preset or 'defaults'}-search" if study is None else study,
        preset=preset or "",
        workers=workers,
        recipe=recipe,
        only=tuple(only or ()),
        pruner=pruner,
        seed=seed,
        storage=storage,
    )
    outcome = _checked_run(competition, config, settings, server=server)
    seconds = time.monotonic() - started
    if as_json:
        say_json("search", {"competition": competition, **outcome.result, "seconds": seconds})
    else:
        say(_summary(outcome.result, seconds=seconds))
    outcome.exit_if_unrecorded()


def _warn_of_password(storage: str) -> None:
    from tasks.core.masking import masked

    if masked(storage) != storage and os.environ.get(STUDIES) != storage:
        inform(f"--storage: other users can see a password on the command line; set {STUDIES} instead")


def _checked_run(competition: str, config: Any, settings: Any, *, server: bool) -> Any:
    """The outcome of the search, which starts after every check."""
    from flows.search.results import preset_file
    from flows.search.trial import searchable

    searchable(competition, config, settings)
    preset_file(competition, settings.study)
    check_machine()
    check_paths(config, settings.preset or None)
    return _run(competition, config, settings, url=connect_server(server))


def _settings(**options: Any) -> Any:
    """The options as settings of a search.

    Raises:
        InvalidSettings: an option is invalid; names it.
    """
    from pydantic import ValidationError

    from tasks.core.errors import InvalidSettings
    from tasks.core.settings.error_messages import message_of
    from tasks.learning.search.config import Search

    try:
        return Search(**options)
    except ValidationError as error:
        lines = [f"--{message_of(finding, {})}" for finding in error.errors()]
        raise InvalidSettings("\n".join(lines)) from None


def _run(competition: str, config: Any, settings: Any, *, url: str | None) -> Any:
    """The outcome of the flow; imports Prefect, which reads the environment."""
    from prefect.task_runners import ThreadPoolTaskRunner

    from flows.display.live import showing_run
    from flows.runtime.server_loss import run_flow
    from flows.search import flow
    from tasks.core.cluster import clusters

    runner: Any = ThreadPoolTaskRunner(max_workers=flow.worker_count(settings))
    with showing_run(noun="trials"), clusters.open_for(config.run):
        arguments = (competition, config, settings)
        options: dict[str, Any] = {
            "name": settings.study,
            "tags": (competition, settings.preset or "defaults"),
        }
        return run_flow(flow.search, *arguments, **options, runner=runner, url=url, inform=inform)


def _summary(result: dict[str, Any], *, seconds: float) -> str:
    """A table of the paths of preset and report, the trials, the best and the initial score, and the time."""
    from flows.search.results import NOTHING_BETTER
    from tasks.core.locations import display_path

    rows = [
        ("preset", display_path(Path(result["preset"])) if result["preset"] else NOTHING_BETTER),
        ("report", display_path(Path(result["report"]))),
        ("trials", ", ".join(f"{count} {state}" for state, count in result["trials"].items())),
        ("best", f"{score_text(result['score'])}, trial {result['best']}"),
        ("start", score_text(result["start"])),
        ("time", duration(seconds)),
    ]
    return aligned([row for row in rows if row[1]])
