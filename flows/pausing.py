"""The schedules that the server knows: when they fire next, and switching them off and on."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from flows.paging import PAGE, paged
from tasks.core.errors import InvalidSettings
from tasks.core.nearest import suggestion


class Known(NamedTuple):
    """A schedule on the server: of which deployment, what it says, and when it fires next."""

    deployment: str
    says: str
    state: str
    active: bool
    deployment_id: UUID
    id: UUID


def schedules() -> list[Known]:
    """All schedules of Podium's deployments, by name."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return sorted(_known(client), key=lambda each: (each.deployment, each.says))


def switch(names: Sequence[str], *, active: bool) -> int:
    """Switch the schedules of these deployments, or all; returns how many changed.

    Raises:
        InvalidSettings: a deployment has no schedule, or there is none of this name.
    """
    from prefect.client.orchestration import get_client

    known = schedules()
    with_one = sorted({each.deployment for each in known})
    for name in names:
        if name not in with_one:
            expected = f"one with a schedule ({', '.join(with_one) or 'there is none'})"
            received = f"{name!r}{suggestion(name, with_one)}"
            raise InvalidSettings(f"deployment: expected {expected}, received {received}")
    changed = [each for each in known if each.active != active and (not names or each.deployment in names)]
    with get_client(sync_client=True) as client:
        for each in changed:
            client.update_deployment_schedule(each.deployment_id, each.id, active=active)
    return len(changed)


def _known(client: Any) -> Iterator[Known]:
    for deployment in _deployments(client):
        name = f"{client.read_flow(deployment.flow_id).name}/{deployment.name}"
        for schedule in deployment.schedules:
            state = _state(client, deployment, schedule)
            yield Known(name, _says(schedule.schedule), state, schedule.active, deployment.id, schedule.id)


def _deployments(client: Any) -> Iterator[Any]:
    """Podium's, page by page."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
    from prefect.client.schemas.sorting import DeploymentSort

    from flows.deployments import TAG

    tagged, sort = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])), DeploymentSort.NAME_ASC
    return paged(client.read_deployments, deployment_filter=tagged, sort=sort)


def _says(schedule: Any) -> str:
    when = getattr(schedule, "cron", None) or f"every {schedule.interval}"
    return f"{when} {schedule.timezone}"


def _state(client: Any, deployment: Any, schedule: Any) -> str:
    if not schedule.active:
        return "paused"
    if deployment.paused:
        return "waits for podium serve"
    return _next(client, deployment.id, schedule.id) or "soon"


def _next(client: Any, deployment: UUID, schedule: UUID) -> str | None:
    from prefect.client.schemas import filters
    from prefect.client.schemas.sorting import FlowRunSort

    wanted = filters.FlowRunFilter(
        state=filters.FlowRunFilterState(type={"any_": ["SCHEDULED"]}),
        deployment_id={"any_": [deployment]},
    )
    runs = client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=PAGE)
    own = [run for run in runs if run.created_by and run.created_by.id == schedule]
    return own[0].expected_start_time.astimezone().isoformat(" ", "minutes") if own else None
