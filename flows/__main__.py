"""The command line `podium`. Commands import what they need when they run, so that help is instant."""

from collections.abc import Callable
from typing import Any

import typer

from flows.commands import (
    blending,
    catalogue,
    housekeeping,
    leaderboard,
    plans,
    runs,
    search,
    serving,
    submissions,
)
from flows.console import with_exit_codes
from tasks.core.execution.garbage_collection import raise_gc_threshold

NOTE = (
    "Results go to stdout, messages to stderr. "
    "Exit codes: 0 done, 1 internal error, 2 error that you can fix, 130 interrupted."
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
    help="List, show and compare submissions, check files, record public scores; without a command, list.",
    epilog="Example: podium submissions --html submissions.html",
)
schedule_app = typer.Typer(
    help="List, pause and resume the schedules of `podium serve`.",
    epilog="Example: podium schedules pause dogs/best",
    no_args_is_help=True,
)
submission_app.callback(invoke_without_command=True)(with_exit_codes(leaderboard.overview))


def register(
    group: typer.Typer, name: str, command: Callable[..., Any], *, example: str, resumes: bool = False
) -> None:
    """Add a command with an example in its help, and with Podium's exit codes."""
    group.command(name, epilog=f"Example: {example}")(with_exit_codes(command, resumes=resumes))


register(app, "list", catalogue.list_, example="podium list")
register(app, "check", catalogue.check, example="podium check dogs --set data.root=~/dogs")
register(app, "plan", plans.plan, example="podium plan dogs --preset best --timeout 3h")
register(
    app,
    "run",
    runs.run,
    example="podium run dogs --preset best --set folds.count=5 --timeout 3h",
    resumes=True,
)
register(
    app,
    "search",
    search.search,
    example="podium search dogs --preset frozen --trials 30 --timeout 8h",
    resumes=True,
)
register(
    app, "blend", blending.blend, example="podium blend dogs --members best:10 --preset best", resumes=True
)
app.add_typer(submission_app, name="submissions")
register(submission_app, "list", leaderboard.list_, example="podium submissions list dogs")
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
register(app, "serve", serving.serve, example="podium serve dogs")
register(app, "deploy", serving.deploy, example="podium deploy dogs --pool boxes")
app.add_typer(schedule_app, name="schedules")
register(schedule_app, "list", serving.list_, example="podium schedules list")
register(schedule_app, "pause", serving.pause, example="podium schedules pause dogs/best")
register(schedule_app, "resume", serving.resume, example="podium schedules resume dogs/best")
register(app, "ui", housekeeping.ui, example="podium ui --open")
register(app, "clean", housekeeping.clean, example="podium clean --older-than 30d --keep-best 3 --dry-run")


def main() -> None:
    """Entry point of the console script."""
    raise_gc_threshold()
    app(prog_name="podium")


if __name__ == "__main__":
    main()
