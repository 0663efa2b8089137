"""`podium search`."""

import time
from typing import Annotated, Any

import typer

from flows.commands.options import Competition, Overrides, PresetName, Source

Trials = Annotated[
    int, typer.Option(min=1, help="Finished trials of the study in all, earlier ones included.")
]
Timeout = Annotated[str | None, typer.Option(help="End with the best so far after this time: 90m, 8h, 2d.")]
Study = Annotated[
    str | None,
    typer.Option(help="Name of the study and of the preset it writes; <preset>-search unless given."),
]
Workers = Annotated[int, typer.Option(min=0, help="Trials at one time; 0: one for each slot of the machine.")]
Searched = Annotated[str, typer.Option(help="The recipe to search, where the preset has several.")]
Only = Annotated[
    list[str] | None,
    typer.Option(help="Seek only under this key, such as recipe.training; all else stays. Repeatable."),
]
Pruner = Annotated[str, typer.Option(help="When to give a trial up: median, hyperband or none.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the suggestions.")]
Storage = Annotated[
    str,
    typer.Option(
        envvar="PODIUM_STUDIES", help="URL of a database for studies, to share them between machines."
    ),
]
Server = Annotated[bool, typer.Option("--server/--no-server", help="Record the search on a Prefect server.")]


def search(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    trials: Trials = 100,
    timeout: Timeout = None,
    study: Study = None,
    workers: Workers = 0,
    recipe: Searched = "",
    only: Only = None,
    pruner: Pruner = "median",
    seed: Seed = 0,
    storage: Storage = "",
    server: Server = True,
) -> None:
    """Search for better settings by cross-validation; the best trial becomes a preset.

    The same command goes on with a study that was stopped, or makes more trials of it.
    """
    from flows.humanize import parse_duration
    from tasks.core.settings import resolve

    started = time.monotonic()
    config: Any = resolve.resolve(competition, preset=preset, overrides=overrides or (), submission=source)
    chosen = _settings(
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
    ended = _prepared(competition, config, chosen, server=server)
    print(_summary(ended.result, seconds=time.monotonic() - started))
    ended.leave()


def _prepared(competition: str, config: Any, chosen: Any, *, server: bool) -> Any:
    """Search, after all that can be wrong was looked at."""
    from flows.commands.runs import check_folders, check_paths, recorded_at
    from flows.search.results import preset_file
    from flows.search.trial import searchable

    searchable(competition, config, chosen)
    preset_file(competition, chosen.study)
    check_folders()
    check_paths(config)
    return _carried_out(competition, config, chosen, url=recorded_at(server))


def _settings(**options: Any) -> Any:
    """The options as settings of a search.

    Raises:
        InvalidSettings: one of them cannot be; names it.
    """
    from pydantic import ValidationError

    from tasks.core.errors import InvalidSettings
    from tasks.core.settings.error_messages import explained
    from tasks.learning.search.config import Search

    try:
        return Search(**options)
    except ValidationError as error:
        lines = [f"--{explained(finding, {})}" for finding in error.errors()]
        raise InvalidSettings("\n".join(lines)) from None


def _carried_out(competition: str, config: Any, chosen: Any, *, url: str | None) -> Any:
    """Run the flow; Prefect is imported here, for it reads the environment when it is."""
    from prefect.task_runners import ThreadPoolTaskRunner

    from flows.console import say, show_logs
    from flows.runtime.server_loss import carried_out
    from flows.search.flow import search as flow
    from flows.search.flow import worker_count
    from tasks.core.cluster import clusters

    show_logs()
    runner: Any = ThreadPoolTaskRunner(max_workers=worker_count(chosen))
    with clusters.open_for(config.run):
        given = (competition, config, chosen)
        return carried_out(flow, *given, name=chosen.study, runner=runner, url=url, say=say)


def _summary(found: dict[str, Any], *, seconds: float) -> str:
    """Where everything lies, the score beside the one it started from, and the time it took."""
    from pathlib import Path

    from flows.console import aligned
    from flows.humanize import duration, score_text
    from tasks.core.settings.presets import shown

    counts = ", ".join(f"{count} {state}" for state, count in found["trials"].items())
    rows = [
        ("preset", shown(Path(found["preset"]))),
        ("report", shown(Path(found["report"]))),
        ("trials", counts),
        ("best", f"{score_text(found['score'])}, trial {found['best']}"),
        ("start", score_text(found["start"])),
        ("time", duration(seconds)),
    ]
    return aligned([row for row in rows if row[1]])
