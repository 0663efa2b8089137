"""`podium plan` and `podium run`."""

import re
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import json_output
from flows.commands.options import Competition, Overrides, PresetName, Server, Source, Timeout, resolved
from flows.console import aligned, inform, note, say, show_logs
from flows.humanize import about, duration, parse_duration, score_text
from flows.json_output import Json, say_json
from flows.runtime.preflight import check_before_run, check_machine, check_paths
from flows.runtime.registry import find_prefect_flow
from tasks.core.errors import InvalidSettings
from tasks.core.locations import display_path
from tasks.core.report.formatting import counted

NOT_RECORDED = (
    "no server: a temporary one ends with the run, so there is no page that shows the run while it goes on. "
    "Its records are kept for the next server."
)


def plan(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    timeout: Timeout = None,
    as_json: Json = False,
) -> None:
    """Show for every step whether its result is cached, or why it runs."""
    from flows.runtime import prefect_settings

    budget = budget_seconds(timeout)
    config = resolved(competition, preset, overrides, source)
    check_before_run(config, preset)
    prefect_settings.check()
    from flows.budget.plan import plan as planned

    steps = list(planned(competition, _fitting(competition, config, seconds=budget) if budget else config))
    if as_json:
        say_json("plan", json_output.plan(competition, steps, **_time(steps)))
        return
    say(aligned((step.label, step.state, step.reason) for step in steps))
    counts = Counter(step.state for step in steps)
    may = f", {counts['maybe']} may run" if counts["maybe"] else ""
    say(f"{counts['cached']} cached, {counts['run']} will run{may}{_time_text(steps)}")


def _fitting(competition: str, config: Any, *, seconds: float) -> Any:
    """The settings without the recipes that a run would leave out, which are logged as in a run."""
    from flows.budget.time_limit import settings_within

    show_logs()
    return settings_within(competition, config, seconds=seconds)


def _time(steps: Sequence[Any]) -> dict[str, Any]:
    """The time the plan takes on the slots of this machine, estimated from earlier runs."""
    from flows.budget.run_duration import expected_seconds
    from tasks.core.execution.slots import slot_names

    slots = len(slot_names())
    seconds, unknown = expected_seconds(steps, slots=slots)
    return {"slots": slots, "seconds": seconds, "unknown": unknown}


def _time_text(steps: Sequence[Any]) -> str:
    slots, seconds, unknown = _time(steps).values()
    on = f"on {counted(slots, 'slot')}"
    if not unknown:
        return f", in about {about(seconds)} {on}"
    if not seconds:
        return "; how long they take is not known before they have run once"
    return f", in more than {about(seconds)} {on}; the time of {unknown} of them is unknown"


def run(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    server: Server = True,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the run and its submission; by default that of the settings."),
    ] = None,
    timeout: Timeout = None,
) -> None:
    """Turn the raw files into a checked submission, repeating only what changed."""
    started = time.monotonic()
    budget = budget_seconds(timeout)
    given = None if name is None else validated_name(name)
    config = resolved(competition, preset, overrides, source)
    run_name = validated_name(given or _name_in(config) or preset or "defaults")
    check_machine()
    check_paths(config, preset)
    deadline = started + budget if budget else None
    tags = (competition, preset or "defaults")
    outcome = _run(competition, config, name=run_name, tags=tags, server=server, deadline=deadline)
    say(summary(outcome.result, seconds=time.monotonic() - started, pending_uploads=_pending_uploads()))
    outcome.exit_if_unrecorded()


def _run(
    competition: str, config: Any, *, name: str, tags: tuple[str, ...], server: bool, deadline: float | None
) -> Any:
    """The outcome of the flow, which has time until the deadline, in seconds of the monotonic clock."""
    url = connect_server(server)
    from prefect.task_runners import ThreadPoolTaskRunner  # Prefect reads the environment when imported

    from flows.budget.plan import plan as planned
    from flows.display.live import showing_run
    from flows.runtime.server_loss import run_flow
    from tasks.core.cluster import clusters

    runner: Any = ThreadPoolTaskRunner(max_workers=config.run.workers)
    flow = find_prefect_flow(competition)
    run = config.run.model_copy(update={"name": name})
    if deadline is not None:
        run = run.model_copy(update={"budget_seconds": max(deadline - time.monotonic(), 1.0)})
    config = config.model_copy(update={"run": run})
    shown: Any = {"plan": partial(planned, competition, config)}
    if run.budget_seconds:
        shown = {"ends_at": time.monotonic() + run.budget_seconds}
    with showing_run(**shown), clusters.open_for(run):
        return run_flow(flow, config, name=name, tags=tags, runner=runner, url=url, inform=inform)


def connect_server(server: bool) -> str:
    """Set where Prefect records, before its import; the URL of the server's API.

    Without a server it is that of a temporary one, which `run_flow` starts.
    """
    from flows.display import start_notice
    from flows.runtime import local_server, prefect_settings, server_record, temporary_server

    if server:
        url = local_server.ensure(note)
    else:
        note(NOT_RECORDED)
        server_record.protect_temporary_server(prefect_settings.ensure_home())
        url = temporary_server.reserve()
    start_notice.begin()
    prefect_settings.apply(url)
    return url


def budget_seconds(timeout: str | None) -> float:
    """The option `--timeout` in seconds; 0 if it is not given.

    Raises:
        InvalidSettings: it is not a duration, or is zero.
    """
    seconds = parse_duration(timeout, option="--timeout").total_seconds() if timeout is not None else 0.0
    if timeout is not None and not seconds:
        raise InvalidSettings(f"--timeout: expected a duration above zero, received {timeout!r}")
    return seconds


def _name_in(config: Any) -> str | None:
    """The run's name in the settings; None if they leave it open."""
    name: str = config.run.name
    return None if name == type(config.run).model_fields["name"].default else name


def validated_name(name: str) -> str:
    """The name, if it can name a folder.

    Raises:
        InvalidSettings: it cannot.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        expected = "1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise InvalidSettings(f"--name: expected {expected}, received {name!r}")
    return name


def _pending_uploads() -> int:
    """Number of results that could not be copied to the remote store; 0 if there is none."""
    from tasks.core.cache.remote_store import Mirror

    mirror = Mirror.current()
    return mirror.upload_pending() if mirror else 0


def summary(result: dict[str, Any], *, seconds: float, pending_uploads: int = 0) -> str:
    """A table of the paths of submission and report, the score, what was left out or accepted, the time."""
    from tasks.core.cache.acceptances import text_of

    rows = [(part, display_path(Path(result[part]))) for part in ("submission", "report") if result.get(part)]
    if result.get("score") is not None:
        rows.append(("score", score_text(result["score"])))
    rows += [("left out", f"{name}: {why}") for name, why in (result.get("left_out") or {}).items()]
    rows += [
        ("accepted", f"{counted(len(each['results']), 'result')} of step {each['step']}, {text_of(each)}")
        for each in result.get("accepted") or ()
    ]
    if pending_uploads:
        rows.append(("mirror", f"{pending_uploads} results are still to be copied; the next run tries again"))
    return aligned([*rows, ("time", duration(seconds))])
