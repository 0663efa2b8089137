"""`podium serve`, `podium deploy`, `podium worker` and `podium schedules …`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.console import aligned, inform, say
from flows.runtime.preflight import check_machine

if TYPE_CHECKING:
    from flows.scheduling.schedule_file import AnySpec

Competitions = Annotated[
    list[str] | None,
    typer.Argument(help="Names of competitions, as `podium list` shows them; by default all."),
]
Pool = Annotated[str, typer.Option(help="Work pool; created if there is none of this name.")]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[DEPLOYMENT]...", help="Deployments, such as dogs/best; by default all."),
]


def serve(
    competitions: Competitions = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the local server, if it is not running yet.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=64, help="Maximum number of runs at the same time.")] = 4,
) -> None:
    """Show presets in Prefect's UI and run them on demand and on schedule, until Ctrl-C."""
    specs = _specs(competitions)
    check_machine()
    url = _connect_server(port)
    from flows.runtime import local_server
    from flows.scheduling.serve import serve_deployments  # imports Prefect, which reads the environment

    say(f"{url.removesuffix('/api')}/deployments")
    if hint := local_server.login_hint(url):
        inform(hint)
    say(_listing(specs))
    serve_deployments(specs, limit=limit, url=url, inform=inform)
    inform("the schedules are paused until the next `podium serve`; the server still runs (podium ui --stop)")


def deploy(competitions: Competitions = None, pool: Pool = "podium") -> None:
    """Register presets for workers on other machines, which take their runs from a work pool."""
    specs = _specs(competitions)
    url = _connect_server()
    from flows.scheduling.deployments import create_pool, register  # imports Prefect

    if create_pool(pool):
        inform(f"created the work pool {pool}")
    register(specs, lambda deployment: deployment.apply(), pool=pool)
    say(_listing(specs, pool=pool))
    inform(
        f"each machine that runs them needs a checkout of the same commit, and\n{_worker_setup(url, pool)}"
    )


def worker(
    pool: Pool = "podium",
    limit: Annotated[int, typer.Option(min=1, max=64, help="Maximum number of runs at the same time.")] = 1,
) -> None:
    """Take runs of `podium deploy` from a work pool, until Ctrl-C; runs of other code are refused."""
    check_machine()
    _connect_server()
    from flows.scheduling.deployments import create_pool  # imports Prefect
    from flows.scheduling.worker import work

    if create_pool(pool):
        inform(f"created the work pool {pool}")
    work(pool, limit=limit, inform=inform)


def list_() -> None:
    """List schedules with the next run of each."""
    _connect_server()
    from flows.scheduling.server_schedules import schedules

    rows = [(each.deployment, each.timing, each.state) for each in schedules()]
    if rows:
        say(aligned([("deployment", "schedule", "next"), *rows]))
    else:
        inform("no schedules: conf/schedules.toml has none, or `podium serve` has not read it yet")


def pause(names: Names = None) -> None:
    """Pause schedules until they are resumed, here or in the UI."""
    _set_active(names, active=False)


def resume(names: Names = None) -> None:
    """Resume schedules that were paused here or in the UI."""
    _set_active(names, active=True)


def _set_active(names: list[str] | None, *, active: bool) -> None:
    _connect_server()
    from flows.scheduling.server_schedules import set_active

    count = set_active(names or (), active=active)
    say(f"{count} schedules {'resumed' if active else 'paused'}")


def _specs(competitions: list[str] | None) -> list["AnySpec"]:
    """The deployments; errors in the file or in a preset are raised before a server is started."""
    from flows.scheduling.schedule_file import deployment_specs, prediction_specs, read

    file, names = read(), competitions or ()
    return [*deployment_specs(file, names), *prediction_specs(file, names)]


def _connect_server(port: int | None = None) -> str:
    """The URL of the server's API, which is also put into the environment for Prefect's import."""
    from flows.runtime import local_server, prefect_settings

    url = local_server.ensure(inform, port=port)
    prefect_settings.apply(url)
    return url


def _listing(specs: "list[AnySpec]", *, pool: str | None = None) -> str:
    from flows.scheduling.schedule_file import deployment_name

    rows: list[tuple[Any, ...]] = []
    for spec in specs:
        timings = [schedule.timing for schedule in spec.schedules] or ["on demand"]
        rows += [(f"{spec.flow}/{deployment_name(spec, pool)}", timing) for timing in timings]
    return aligned(rows)


def _worker_setup(url: str, pool: str) -> str:
    """The commands that start a worker on another machine."""
    from flows.runtime import local_server
    from flows.runtime.server_record import auth_string_file

    string = f"  export PREFECT_API_AUTH_STRING=…     # the line in {auth_string_file()}"
    lines = [
        f"  export PREFECT_API_URL={url}      # an address of this server that the machine can reach",
        *([string] if local_server.login_hint(url) else []),
        "  export PODIUM_STORE=… PODIUM_SUBMISSIONS=…     # folders that all machines share",
        f"  podium worker --pool {pool}",
    ]
    return "\n".join(lines)
