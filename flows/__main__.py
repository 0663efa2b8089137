"""The command line `podium`. Commands import what they need when they run, so that help is instant."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from flows.commands import (
    acceptance,
    averaging,
    blending,
    bundling,
    catalogue,
    creation,
    explaining,
    housekeeping,
    leaderboard,
    members,
    prediction,
    runs,
    search,
    serving,
    submissions,
)
from flows.commands.verbosity import with_verbosity
from flows.console import inform, say, show_traceback, with_exit_codes
from tasks.core.errors import UserError
from tasks.core.execution.garbage_collection import raise_gc_threshold
from tasks.core.files.streams import open_streams

NOTE = (
    "Results go to stdout, messages to stderr. "
    "Exit codes: 0 done, 1 internal error, 2 error that you can fix, 130 interrupted."
)


def show_version(asked: bool) -> None:
    """Print Podium's version, and those of Python and of what decides most of its behaviour."""
    if asked:
        from importlib.metadata import version

        libraries = ", ".join(f"{name} {version(name)}" for name in ("prefect", "keras", "tensorflow"))
        say(f"podium {version('podium')} (Python {sys.version.split()[0]}, {libraries})")
        raise typer.Exit


app = typer.Typer(
    name="podium",
    help="From a competition's raw files to a checked submission, repeating only what changed.",
    epilog=f"Example: podium run dogs --preset demo. {NOTE}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
submission_app = typer.Typer(
    help="List, show and compare submissions, check files, record public scores; without a command, list.",
    epilog="Example: podium submissions --html submissions.html",
)
member_app = typer.Typer(
    help="List members of earlier runs, write their scores to files, add predictions of other programs.",
    epilog="Example: podium members list dogs",
    no_args_is_help=True,
)
schedule_app = typer.Typer(
    help="List, pause and resume the schedules of `podium serve`.",
    epilog="Example: podium schedules pause dogs/best",
    no_args_is_help=True,
)


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Options of the command itself."""


submission_app.callback(invoke_without_command=True)(with_exit_codes(leaderboard.overview))


def register(group: typer.Typer, command: Callable[..., Any], example: str, *, resumes: bool = False) -> None:
    """Add a command with Podium's exit codes, and with an example, which begins `podium`, in its help.

    One that `resumes` starts a run: how much of it is shown can be chosen.
    """
    name = command.__name__.strip("_").replace("_", "-")
    command = with_verbosity(command) if resumes else command
    group.command(name, epilog=f"Example: podium {example}")(with_exit_codes(command, resumes=resumes))


register(app, catalogue.list_, "list")
register(app, catalogue.check, "check dogs --set data.root=~/dogs")
register(app, creation.new, "new digits --like images")
register(app, creation.demo, "demo dogs")
register(app, runs.plan, "plan dogs --preset best --timeout 3h")
register(app, runs.run, "run dogs --preset best --set folds.count=5 --timeout 3h", resumes=True)
register(app, acceptance.accept, 'accept dogs train predict --preset best --note "a text of the log"')
register(app, search.search, "search dogs --preset frozen --trials 30 --timeout 8h", resumes=True)
register(app, blending.blend, "blend dogs --members best:10 --preset best", resumes=True)
register(
    app, averaging.average, "average dogs first second third --method greedy --preset best", resumes=True
)
register(app, prediction.predict, "predict dogs --from best --set data.root=~/final", resumes=True)
register(app, explaining.explain, "explain best")
register(app, bundling.bundle, "bundle best --output best.zip")
app.add_typer(member_app, name="members")
register(member_app, members.list_, "members list dogs")
register(member_app, members.export, "members export dogs frozen --preset frozen --output frozen.parquet")
register(member_app, members.add, "members add dogs --name ana --oof oof.csv --test test.csv --preset frozen")
app.add_typer(submission_app, name="submissions")
register(submission_app, leaderboard.list_, "submissions list dogs")
register(submission_app, submissions.show, "submissions show 20260131-120000-seed")
register(submission_app, submissions.diff, "submissions diff seed best")
register(
    submission_app,
    submissions.validate,
    "submissions validate answers.txt --competition dogs --set data.root=~/dogs",
)
register(submission_app, submissions.record_score, "submissions record-score best 0.173")
register(app, serving.serve, "serve dogs")
register(app, serving.deploy, "deploy dogs --pool boxes")
register(app, serving.worker, "worker --pool boxes --limit 2")
app.add_typer(schedule_app, name="schedules")
register(schedule_app, serving.list_, "schedules list")
register(schedule_app, serving.pause, "schedules pause dogs/best")
register(schedule_app, serving.resume, "schedules resume dogs/best")
register(app, housekeeping.ui, "ui --open")
register(app, housekeeping.clean, "clean --older-than 30d --keep-best 3 --dry-run")


def main() -> None:
    """Entry point of the console script."""
    raise_gc_threshold()
    open_streams()
    try:
        app(prog_name="podium")
    except UserError as error:  # of help and version, which are no commands
        inform(str(error))
        sys.exit(2)
    except Exception:
        show_traceback()
        sys.exit(1)


if __name__ == "__main__":
    main()
