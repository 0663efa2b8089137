"""Arguments that several commands share, and the settings that they give."""

from typing import Annotated, Any

import typer

Competition = Annotated[str, typer.Argument(help="Name of a competition, as `podium list` shows it.")]
PresetName = Annotated[
    str | None,
    typer.Option("--preset", "-p", help="File in conf/<competition> with changes to the default settings."),
]
Source = Annotated[
    str | None,
    typer.Option("--from", metavar="SUBMISSION", help="Start from the settings of this submission."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override one setting; may be repeated."),
]
Timeout = Annotated[
    str | None,
    typer.Option(help="Time for the run, such as 90m, 8h, 2d; recipes that do not fit are left out."),
]
Server = Annotated[bool, typer.Option("--server/--no-server", help="Record on a Prefect server what runs.")]
SubmissionName = Annotated[
    str, typer.Argument(help="A submission's folder, or a part of its name that is unique.")
]


def resolved(
    competition: str, preset: str | None, overrides: list[str] | None, source: str | None = None
) -> Any:
    """The settings of these arguments; raises as `resolve` and, before, `tasks.core.competition.find` do."""
    from tasks.core.competition import find
    from tasks.core.settings.resolve import resolve

    find(competition)
    return resolve(competition, preset=preset, overrides=overrides or (), submission=source)
