"""Arguments that several commands share."""

from typing import Annotated

import typer

Competition = Annotated[str, typer.Argument(help="Name of a competition, as `podium list` shows it.")]
PresetName = Annotated[
    str | None,
    typer.Option("--preset", "-p", help="File in conf/<competition> with differences from the defaults."),
]
Source = Annotated[
    str | None,
    typer.Option("--from", metavar="SUBMISSION", help="Start from the settings of a submission."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", metavar="KEY=VALUE", help="Override one setting; may be repeated."),
]
Timeout = Annotated[
    str | None, typer.Option(help="Leave out recipes that do not fit into this time: 90m, 8h, 2d.")
]
SubmissionName = Annotated[
    str, typer.Argument(help="A submission's folder, or a part of its name that no other has.")
]
