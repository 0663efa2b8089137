"""Presets as Prefect's deployments, with the schedules of `conf/schedules.toml`."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.flows import EntrypointType
from prefect.runner.storage import LocalStorage
from prefect.schedules import Cron, Interval
from prefect.schedules import Schedule as PrefectSchedule
from prefect.workers.process import ProcessWorker

from flows.runtime.prefect_settings import DEFAULTS
from flows.scheduling.entrypoint import deployed_flow
from flows.scheduling.schedule_file import AnySpec, Timing, deployment_name
from tasks.core import locations
from tasks.core.report.markdown import escaped

TAG = "podium"
RUN_SETTINGS = {name: value for name, value in DEFAULTS.items() if not name.startswith("PREFECT_SERVER_")}
"""Settings of Prefect for runs on a worker, which has its own folders and its server's address."""


def prefect_deployment(
    spec: AnySpec, *, paused: Iterable[str] = (), pool: str | None = None
) -> RunnerDeployment:
    """The deployment as a Prefect object; its form in the UI contains the preset's settings.

    Args:
        paused: timings of schedules that a user has paused, and that stay paused.
        pool: work pool whose workers run it from this folder; None for `podium serve`.
    """
    deployment = RunnerDeployment.from_flow(
        deployed_flow(spec.flow),
        name=deployment_name(spec, pool),
        description="\\\n".join(map(escaped, spec.header.splitlines())),  # the UI shows it as Markdown
        parameters=spec.parameters,
        schedules=[prefect_schedule(each, active=each.timing not in paused) for each in spec.schedules],
        paused=False,
        tags=[TAG, spec.competition, spec.preset],
        entrypoint_type=EntrypointType.MODULE_PATH,
        work_pool_name=pool,
        job_variables={"env": RUN_SETTINGS} if pool else None,
    )
    deployment.storage = LocalStorage(str(locations.root())) if pool else None
    return deployment


def prefect_schedule(schedule: Timing, *, active: bool = True) -> PrefectSchedule:
    """The schedule as a Prefect object; intervals have a fixed anchor, so that no restart moves them."""
    options: dict[str, Any] = {"timezone": schedule.timezone, "active": active, "slug": schedule.timing}
    if schedule.cron:
        return Cron(schedule.cron, **options)
    anchor = datetime(2024, 1, 1, tzinfo=ZoneInfo(schedule.timezone))  # a Monday
    return Interval(schedule.interval, anchor_date=anchor, **options)


def register(
    specs: Sequence[AnySpec], apply: Callable[[RunnerDeployment], Any], *, pool: str | None = None
) -> list[UUID]:
    """Create or update deployments, and return their ids.

    Schedules that are no longer in the file are deleted; paused ones stay paused.
    """
    ids = []
    with get_client(sync_client=True) as client:
        for spec in specs:
            id = apply(prefect_deployment(spec, paused=_paused(client, spec, pool), pool=pool))
            timings = {schedule.timing for schedule in spec.schedules}
            for schedule in client.read_deployment_schedules(id):
                if schedule.slug not in timings:
                    client.delete_deployment_schedule(id, schedule.id)
            ids.append(id)
    return ids


def _paused(client: Any, spec: AnySpec, pool: str | None) -> set[str]:
    """Timings of the deployment's paused schedules on the server."""
    try:
        existing = client.read_deployment_by_name(f"{spec.flow}/{deployment_name(spec, pool)}")
    except ObjectNotFound:
        return set()
    return {schedule.slug for schedule in existing.schedules if not schedule.active and schedule.slug}


def create_pool(name: str) -> bool:
    """Create a work pool whose workers run processes; False if a pool of this name exists."""
    template = ProcessWorker.get_default_base_job_template()
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
            return False
        except ObjectNotFound:
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
            return True
