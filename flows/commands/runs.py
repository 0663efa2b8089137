"""`podium run`."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands.options import Competition, Overrides, PresetName, Source, Timeout
from flows.runtime.registry import flow_of

NOT_RECORDED = (
    "no server: a temporary one ends with the run. There is no page to watch, the last task runs "
    "and logs may be missing from Prefect's records, and a killed run stays “Running” there. "
    "The submission and the cache are complete all the same."
)


def run(
    competition: Competition,
    preset: PresetName = None,
    overrides: Overrides = None,
    source: Source = None,
    server: Annotated[
        bool, typer.Option("--server/--no-server", help="Record the run on a Prefect server.")
    ] = True,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the run and its submission; the preset's unless given."),
    ] = None,
    timeout: Timeout = None,
) -> None:
    """Turn the raw files into a checked submission, repeating only what changed."""
    from tasks.core.settings import resolve

    started = time.monotonic()
    budget = budget_seconds(timeout)
    run_name = checked_name(preset or "defaults" if name is None else name)
    config: Any = resolve.resolve(competition, preset=preset, overrides=overrides or (), submission=source)
    check_folders()
    check_paths(config)
    until = started + budget if budget else None
    ended = _carried_out(competition, config, name=run_name, server=server, until=until)
    print(summary(ended.result, seconds=time.monotonic() - started, owed=_owed()))
    ended.leave()


def _carried_out(competition: str, config: Any, *, name: str, server: bool, until: float | None) -> Any:
    """Run the flow, in the time until `until` on the monotonic clock; how it ended."""
    from flows.console import say, show_logs

    url = recorded_at(server)
    from prefect.task_runners import ThreadPoolTaskRunner  # Prefect reads the environment when imported

    from flows.runtime.server_loss import carried_out
    from tasks.core.cluster import clusters

    runner: Any = ThreadPoolTaskRunner(max_workers=config.run.workers)
    flow = flow_of(competition)
    show_logs()
    run = config.run.model_copy(update={"name": name})
    if until is not None:
        run = run.model_copy(update={"budget_seconds": max(until - time.monotonic(), 1.0)})
    with clusters.open_for(run):
        given = config.model_copy(update={"run": run})
        return carried_out(flow, given, name=name, runner=runner, url=url, say=say)


def recorded_at(server: bool) -> str | None:
    """Settle where Prefect records, before it is imported; the URL of the server's API, None without one."""
    from flows.console import say
    from flows.runtime import local_server as prefect_server
    from flows.runtime import settings as environment

    if not server:
        say(NOT_RECORDED)
    url = prefect_server.ensure(say) if server else None
    environment.apply(url)
    return url


def budget_seconds(timeout: str | None) -> float:
    """What `--timeout` says; 0 where it says nothing.

    Raises:
        InvalidSettings: it is no time, or none at all.
    """
    from flows.humanize import parse_duration
    from tasks.core.errors import InvalidSettings

    seconds = parse_duration(timeout, option="--timeout").total_seconds() if timeout is not None else 0.0
    if timeout is not None and not seconds:
        raise InvalidSettings(f"--timeout: expected more than no time, received {timeout!r}")
    return seconds


def checked_name(name: str) -> str:
    """The name, if it can be that of a folder.

    Raises:
        InvalidSettings: it cannot.
    """
    import re

    from tasks.core.errors import InvalidSettings

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        expected = "1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise InvalidSettings(f"--name: expected {expected}, received {name!r}")
    return name


def check_folders() -> None:
    """Find out now, not after hours of training, whether results can be written.

    Raises:
        UserError: a folder cannot be made or written to, or somebody else has made one inside it, or the
            mirror cannot be used.
    """
    from tasks.core import places
    from tasks.core.cache.remote_store import Mirror
    from tasks.core.errors import UserError

    if mirror := Mirror.current():
        mirror.check()

    chosen = {
        "PODIUM_STORE": places.store_folder(),
        "PODIUM_SUBMISSIONS": places.submissions_folder(),
    }
    for variable, folder in chosen.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _try_writing(folder)
            for inner in (path for path in folder.iterdir() if path.is_dir()):
                _try_writing(inner)
        except OSError as error:
            received = f"{error.filename} ({error.strerror})"
            hint = "; who share one need a group, and umask 002" if isinstance(error, PermissionError) else ""
            raise UserError(
                f"{variable}: expected a folder that can be written to, received {received}{hint}"
            ) from None


def _try_writing(folder: Path) -> None:
    import tempfile

    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        error.filename = folder
        raise


def check_paths(config: Any) -> None:
    """Find out before anything runs whether every file and folder a setting names is there.

    Raises:
        InvalidSettings: one is not.
    """
    from tasks.core.cache.keys import named_paths
    from tasks.core.errors import InvalidSettings
    from tasks.core.places import expand

    missing = [(key, value) for key, value in named_paths(config) if not expand(value).exists()]
    if missing:
        lines = [
            f"{key}: expected a file or folder that exists, received {value!r} ({expand(value)})"
            for key, value in missing
        ]
        raise InvalidSettings("\n".join(lines))


def _owed() -> int:
    """How many results could not be copied to the mirror, if there is one."""
    from tasks.core.cache.remote_store import Mirror

    mirror = Mirror.current()
    return mirror.settle() if mirror else 0


def summary(result: dict[str, Any], *, seconds: float, owed: int = 0) -> str:
    """Where everything lies, the score, and the time it took."""
    from flows.console import aligned
    from flows.humanize import duration, score_text
    from tasks.core.settings.presets import shown

    rows = [(part, shown(Path(result[part]))) for part in ("submission", "report") if result.get(part)]
    rows += [("score", score_text(result["score"]))] if result.get("score") is not None else []
    rows += [("left out", f"{name}: {why}") for name, why in (result.get("left_out") or {}).items()]
    rows += [("mirror", f"{owed} results are still to be copied; the next run tries again")] if owed else []
    return aligned([*rows, ("time", duration(seconds))])
