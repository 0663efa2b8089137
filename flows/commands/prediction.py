"""`podium predict`: an earlier submission's models on other test files."""

import time
from typing import Annotated, Any

import typer

from flows.commands.options import Competition, Overrides, Server
from flows.commands.runs import connect_server, summary, validated_name
from flows.console import inform, say
from flows.runtime.preflight import check_machine, check_paths
from tasks.core import locations
from tasks.core.errors import InvalidSettings


def predict(
    competition: Competition,
    source: Annotated[
        str, typer.Option("--from", metavar="SUBMISSION", help="The submission whose models answer.")
    ],
    overrides: Overrides = None,
    server: Server = True,
    name: Annotated[str, typer.Option(help="Name of the run and its submission.")] = "predict",
) -> None:
    """Answer other test files with the models, weights and decisions of an earlier submission.

    Nothing is trained, and of the raw files only those of the test are read.
    """
    from tasks.core.settings.resolve import resolve
    from tasks.core.submissions import submissions

    started = time.monotonic()
    validated_name(name)
    root = locations.submissions_folder()
    entry = submissions.find_submission(root, source, competition=competition)
    if (other := entry.provenance.get("competition", competition)) != competition:
        raise InvalidSettings(f"--from: expected a submission of {competition}, received one of {other}")
    config = resolve(competition, overrides=overrides or (), submission=source)
    check_paths(config)
    check_machine()
    url = connect_server(server)
    outcome = _run(competition, entry.name, list(overrides or ()), name=name, url=url)
    say(summary(outcome.result, seconds=time.monotonic() - started))
    outcome.exit_if_unrecorded()


def _run(competition: str, source: str, overrides: list[str], *, name: str, url: str | None) -> Any:
    from flows.display.live import showing_run
    from flows.prediction.flow import prediction  # imports Prefect, which reads the environment
    from flows.runtime.server_loss import run_flow

    with showing_run():
        arguments = (competition, source, overrides, name)
        return run_flow(prediction, *arguments, name=name, tags=(competition,), url=url, inform=inform)
