"""`podium serve`, `podium deploy` and `podium schedules …`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from flows.scheduling.deployments import Chosen

Competitions = Annotated[
    list[str] | None, typer.Argument(help="Names of competitions, as `podium list` shows them; all of them.")
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[DEPLOYMENT]...", help="Like dogs/best; all of them.")
]


def serve(
    competitions: Competitions = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the local server, if it must be started.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=64, help="Most runs at one time.")] = 4,
) -> None:
    """Put presets into Prefect's UI and run them on demand and on schedule, until Ctrl-C."""
    from flows.commands.runs import check_folders
    from flows.console import say
    from flows.runtime import local_server

    found = _chosen(competitions)
    check_folders()
    url = local_server.ensure(say, port=port)
    _take(url)
    from flows.scheduling import serve as serving

    print(f"{url.removesuffix('/api')}/deployments")
    print(_listing(found))
    serving.serve(found, limit=limit, say=say)
    say("the schedules are paused until the next `podium serve`; the server still runs (podium ui --stop)")


def deploy(
    competitions: Competitions = None,
    pool: Annotated[str, typer.Option(help="Work pool; made if there is none of this name.")] = "podium",
) -> None:
    """Register presets for workers on other machines, which take their runs from a work pool."""
    from flows.console import say
    from flows.runtime import local_server

    found = _chosen(competitions)
    url = local_server.ensure(say)
    _take(url)
    from flows.scheduling.deployments import make_pool, register

    if make_pool(pool):
        say(f"made the work pool {pool}")
    register(found, lambda made: made.apply(), pool=pool)
    print(_listing(found, pool=pool))
    say(f"each machine that shall work them needs this checkout at the same place, and\n{_worker(url, pool)}")


def list_() -> None:
    """List schedules, and when each fires next."""
    from flows.console import aligned, say

    _take_running()
    from flows.scheduling.server_schedules import schedules

    rows = [(each.deployment, each.says, each.state) for each in schedules()]
    if rows:
        print(aligned([("deployment", "schedule", "next"), *rows]))
    else:
        say("no schedules: conf/schedules.toml has none, or `podium serve` did not read it yet")


def pause(names: Names = None) -> None:
    """Pause schedules; they stay so until they are resumed, here or in the UI."""
    _switch(names, active=False)


def resume(names: Names = None) -> None:
    """Resume schedules that were paused here or in the UI."""
    _switch(names, active=True)


def _switch(names: list[str] | None, *, active: bool) -> None:
    _take_running()
    from flows.scheduling.server_schedules import switch

    count = switch(names or (), active=active)
    print(f"{count} schedules {'resumed' if active else 'paused'}")


def _chosen(competitions: list[str] | None) -> list["Chosen"]:
    """Whatever is wrong with the file or with a preset is told before a server is started."""
    from flows.scheduling import schedules
    from flows.scheduling.deployments import chosen

    return chosen(schedules.read(), competitions or ())


def _take(url: str) -> None:
    """Prefect reads the environment when it is imported."""
    from flows.runtime import settings

    settings.apply(url)


def _take_running() -> None:
    from flows.console import say
    from flows.runtime import local_server

    _take(local_server.ensure(say))


def _listing(found: "list[Chosen]", *, pool: str | None = None) -> str:
    from flows.console import aligned
    from flows.scheduling.deployments import name_of

    rows: list[tuple[Any, ...]] = []
    for each in found:
        times = [schedule.said for schedule in each.schedules] or ["on demand"]
        rows += [(f"{each.competition}/{name_of(each, pool)}", time) for time in times]
    return aligned(rows)


def _worker(url: str, pool: str) -> str:
    """What to type on a machine that works the runs."""
    lines = [
        f"  export PREFECT_API_URL={url}      # an address of this server that the machine can reach",
        "  export PODIUM_STORE=… PODIUM_SUBMISSIONS=…     # folders that all machines share",
        f"  prefect worker start --type process --pool {pool} --limit 1",
    ]
    return "\n".join(lines)
