"""The command line `podium`. Commands import what they need when they run: help is instant."""

from collections.abc import Callable
from typing import Any

import typer

from flows.commands import catalogue, housekeeping, runs, submissions
from flows.console import guarded

NOTE = (
    "Results go to stdout, messages to stderr. "
    "Exit codes: 0 done, 1 our fault, 2 yours to mend, 130 interrupted."
)

app = typer.Typer(
    name="podium",
    help="From a competition's raw files to a checked submission, repeating only what changed.",
    epilog=f"Example: podium run dogs --preset demo. {NOTE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
submission_app = typer.Typer(
    help="Look at submissions, compare them, check files, record public scores.",
    epilog="Example: podium submissions list",
    no_args_is_help=True,
)


def register(
    group: typer.Typer,
    name: str,
    command: Callable[..., Any],
    *,
    example: str,
    resumes: bool = False,
) -> None:
    """Add a command with an example in its help and our exit codes around it."""
    group.command(name, epilog=f"Example: {example}")(guarded(command, resumes=resumes))


register(app, "list", catalogue.list_, example="podium list")
register(app, "check", catalogue.check, example="podium check dogs --set data.root=~/dogs")
register(app, "plan", runs.plan, example="podium plan dogs --preset seed")
register(
    app,
    "run",
    runs.run,
    example="podium run dogs --preset seed --set folds.count=5 --set recipe.training.batch_size=64",
    resumes=True,
)
app.add_typer(submission_app, name="submissions")
register(submission_app, "list", submissions.list_, example="podium submissions list dogs")
register(submission_app, "show", submissions.show, example="podium submissions show 20260131-120000-seed")
register(submission_app, "diff", submissions.diff, example="podium submissions diff seed best")
register(
    submission_app,
    "validate",
    submissions.validate,
    example="podium submissions validate answers.txt --competition dogs --set data.root=~/dogs",
)
register(
    submission_app,
    "record-score",
    submissions.record_score,
    example="podium submissions record-score best 0.173",
)
register(app, "ui", housekeeping.ui, example="podium ui --open")
register(
    app,
    "clean",
    housekeeping.clean,
    example="podium clean --older-than 30d --keep-best 3 --dry-run",
)


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="podium")


if __name__ == "__main__":
    main()
