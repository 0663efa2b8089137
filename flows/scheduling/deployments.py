"""Presets as Prefect's deployments: made from `conf/schedules.toml`, and registered."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from flows.runtime.settings import DEFAULTS
from flows.scheduling.schedules import Plan, Schedule
from tasks.core import competition as competitions
from tasks.core import places
from tasks.core.settings import resolve

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Schedule as PrefectSchedule

TAG = "podium"
OF_RUNS = {name: value for name, value in DEFAULTS.items() if not name.startswith("PREFECT_SERVER_")}
"""Settings that a worker's runs need; its own places and its server's address it has."""


class Chosen(NamedTuple):
    """One deployment to be: a preset, its settings, and when it runs by itself."""

    competition: str
    preset: str
    header: str
    config: Any
    schedules: list[Schedule]


def chosen(plan: Plan, names: Sequence[str] = (), *, root: Path | None = None) -> list[Chosen]:
    """Every deployment of these competitions, or of all.

    Raises:
        InvalidSettings: there is no such competition, or a preset cannot be used.
    """
    found = []
    for competition in names or competitions.competition_names():
        resolve.config_class(competition)
        headers = dict(resolve.presets(competition, root))
        for preset in plan.shown(competition, root=root):
            config: Any = resolve.resolve(competition, preset=preset, root=root)
            config = config.model_copy(update={"run": config.run.model_copy(update={"name": preset})})
            header = headers[preset]
            found.append(Chosen(competition, preset, header, config, plan.of(competition, preset)))
    return found


def deployment(chosen: Chosen, *, paused: Iterable[str] = (), pool: str | None = None) -> "RunnerDeployment":
    """As Prefect wants it; its form holds the preset's settings.

    Args:
        chosen: what it is made of.
        paused: schedules that somebody has paused, and that stay so.
        pool: work pool whose workers run it, from this folder; else `podium serve` does.
    """
    from prefect.deployments.runner import RunnerDeployment
    from prefect.flows import EntrypointType
    from prefect.runner.storage import LocalStorage

    from flows.scheduling.entrypoint import deployed

    made = RunnerDeployment.from_flow(
        deployed(chosen.competition),
        name=name_of(chosen, pool),
        description=chosen.header,
        parameters={"config": chosen.config.model_dump(mode="json")},
        schedules=[timetable(each, active=each.said not in paused) for each in chosen.schedules],
        paused=False,
        tags=[TAG, chosen.competition],
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=pool,
        job_variables={"env": OF_RUNS} if pool else None,
    )
    made.storage = LocalStorage(str(places.root())) if pool else None
    return made


def name_of(chosen: Chosen, pool: str | None = None) -> str:
    """The preset, and where another machine may run it the pool: `serve` and `deploy` do not meet."""
    return f"{chosen.preset}@{pool}" if pool else chosen.preset


def timetable(schedule: Schedule, *, active: bool = True) -> "PrefectSchedule":
    """A schedule as Prefect wants it. Intervals are anchored, so that a restart does not move them."""
    from zoneinfo import ZoneInfo

    from prefect.schedules import Cron, Interval

    options: dict[str, Any] = {"timezone": schedule.timezone, "active": active, "slug": schedule.said}
    if schedule.cron:
        return Cron(schedule.cron, **options)
    anchor = datetime(2024, 1, 1, tzinfo=ZoneInfo(schedule.timezone))  # a Monday
    return Interval(schedule.interval, anchor_date=anchor, **options)


def register(
    found: Sequence[Chosen], apply: Callable[["RunnerDeployment"], Any], *, pool: str | None = None
) -> list[UUID]:
    """Create or update deployments; schedules that the file no longer has end, paused ones stay paused."""
    from prefect.client.orchestration import get_client

    ids = []
    with get_client(sync_client=True) as client:
        for each in found:
            id = apply(deployment(each, paused=_paused(client, each, pool), pool=pool))
            wanted = {schedule.said for schedule in each.schedules}
            for schedule in client.read_deployment_schedules(id):
                if schedule.slug not in wanted:
                    client.delete_deployment_schedule(id, schedule.id)
            ids.append(id)
    return ids


def _paused(client: Any, chosen: Chosen, pool: str | None) -> set[str]:
    """What the schedules of a deployment say that are switched off."""
    from prefect.exceptions import ObjectNotFound

    try:
        known = client.read_deployment_by_name(f"{chosen.competition}/{name_of(chosen, pool)}")
    except ObjectNotFound:
        return set()
    return {schedule.slug for schedule in known.schedules if not schedule.active and schedule.slug}


def make_pool(name: str) -> bool:
    """Make a work pool whose workers run processes; False where there is a pool of this name."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
            return False
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
            return True
