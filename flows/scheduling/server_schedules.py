"""The server's schedules: list them, pause and resume them, and skip overdue runs but the newest.

Prefect runs everything that was scheduled while no runner was running or while the machine slept. These runs
would all use the same data, so the older ones are cancelled with a message.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas import filters
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.states import Cancelled

from flows.scheduling.deployments import TAG
from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings

MISSED = "Missed: a later scheduled run of this deployment is due as well, and uses the same data."
OVERDUE = timedelta(minutes=1)
"""A run that was to start this long ago is overdue: whoever starts runs asks for them more often."""
PAGE_SIZE = 200
"""Maximum number of deployments or runs in one answer of the server."""


class ServerSchedule(NamedTuple):
    """A schedule on the server: its deployment, its timing, and its next run or why there is none."""

    deployment: str
    timing: str
    state: str
    active: bool
    deployment_id: UUID
    id: UUID


def schedules() -> list[ServerSchedule]:
    """All schedules of Podium's deployments, by deployment and timing."""
    with get_client(sync_client=True) as client:
        return sorted(_server_schedules(client), key=lambda each: (each.deployment, each.timing))


def set_active(names: Sequence[str], *, active: bool) -> int:
    """Pause or resume the schedules of these deployments, or all; returns how many changed.

    Raises:
        InvalidSettings: a deployment does not exist or has no schedule.
    """
    existing = schedules()
    deployments = sorted({each.deployment for each in existing})
    for name in names:
        if name not in deployments:
            expected = f"one with a schedule ({', '.join(deployments) or 'there is none'})"
            received = f"{name!r}{suggestion(name, deployments)}"
            raise InvalidSettings(f"deployment: expected {expected}, received {received}")
    changed = [each for each in existing if each.active != active and (not names or each.deployment in names)]
    with get_client(sync_client=True) as client:
        for each in changed:
            client.update_deployment_schedule(each.deployment_id, each.id, active=active)
    return len(changed)


def skip_missed(ids: Sequence[UUID]) -> int:
    """Cancel the overdue scheduled runs of these deployments but the newest of each; returns how many."""
    skipped = 0
    with get_client(sync_client=True) as client:
        for id in ids:
            missed = list(_overdue_runs(client, id))[1:]
            for run in missed:
                client.set_flow_run_state(run.id, Cancelled(message=MISSED))
            skipped += len(missed)
    return skipped


def _server_schedules(client: Any) -> Iterator[ServerSchedule]:
    tagged = filters.DeploymentFilter(tags=filters.DeploymentFilterTags(all_=[TAG]))
    query = {"deployment_filter": tagged, "sort": DeploymentSort.NAME_ASC}
    for deployment in _pages(client.read_deployments, **query):
        name = f"{client.read_flow(deployment.flow_id).name}/{deployment.name}"
        for each in deployment.schedules:
            state = _state(client, deployment, each)
            yield ServerSchedule(name, _timing(each.schedule), state, each.active, deployment.id, each.id)


def _timing(schedule: Any) -> str:
    when = getattr(schedule, "cron", None) or f"every {schedule.interval}"
    return f"{when} {schedule.timezone}"


def _state(client: Any, deployment: Any, schedule: Any) -> str:
    """When the schedule's next run is due, or why none is."""
    if not schedule.active:
        return "paused"
    if deployment.paused:
        return "waits for podium serve"
    query = {"flow_run_filter": _scheduled(deployment.id), "sort": FlowRunSort.EXPECTED_START_TIME_ASC}
    for run in client.read_flow_runs(**query, limit=PAGE_SIZE):
        if run.created_by and run.created_by.id == schedule.id:
            return _next(run.expected_start_time, datetime.now(UTC), pool=deployment.work_pool_name)
    return "soon"


def _next(moment: datetime, now: datetime, *, pool: str | None) -> str:
    """The time of the next run; of one that is overdue, who does not start it."""
    if moment > now - OVERDUE:
        return moment.astimezone().isoformat(" ", "minutes")
    return f"overdue: waits for a worker of {pool}" if pool else "overdue: waits for podium serve"


def _overdue_runs(client: Any, deployment: UUID) -> Iterator[Any]:
    """Runs created by a schedule whose start time has passed, newest first."""
    overdue = _scheduled(deployment, next_scheduled_start_time={"before_": datetime.now(UTC)})
    newest_first = FlowRunSort.EXPECTED_START_TIME_DESC
    runs = _pages(client.read_flow_runs, flow_run_filter=overdue, sort=newest_first)
    return (run for run in runs if run.auto_scheduled)


def _scheduled(deployment: UUID, **more: Any) -> Any:
    """Filter for a deployment's runs in a scheduled state."""
    state: Any = filters.FlowRunFilterState(type={"any_": ["SCHEDULED"]})
    return filters.FlowRunFilter(state=state, deployment_id={"any_": [deployment]}, **more)


def _pages(read: Callable[..., list[Any]], **query: Any) -> Iterator[Any]:
    """Every item that a reading method of the client finds; the query needs a `sort`, or pages overlap."""
    offset = 0
    while page := read(**query, limit=PAGE_SIZE, offset=offset):
        yield from page
        offset += len(page)
