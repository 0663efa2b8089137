"""The schedules that the server knows: when they fire next, and switching them off and on."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import InvalidSettings


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

    from flows.scheduling.deployments import TAG

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


# FOLDED from flows/missed.py
# Of scheduled runs that are overdue, let one run: the newest of each deployment.
#
# Prefect runs all that were scheduled while nobody worked them, or while the machine slept. Each of them would
# look at the same data, so the others are cancelled and say why.
MESSAGE = "Missed: a later scheduled run of this deployment is due as well, and sees the same data."


def skip_missed(ids: Sequence[UUID]) -> int:
    """Cancel overdue scheduled runs of these deployments but for each one's newest; returns how many."""
    from prefect.client.orchestration import get_client
    from prefect.states import Cancelled

    skipped = 0
    with get_client(sync_client=True) as client:
        for id in ids:
            overdue = list(_overdue(client, id))
            for run in overdue[1:]:
                client.set_flow_run_state(run.id, Cancelled(message=MESSAGE))
            skipped += len(overdue[1:])
    return skipped


def _overdue(client: Any, deployment: UUID) -> Iterator[Any]:
    """Runs that a schedule made and whose time has come, the newest first."""
    from prefect.client.schemas import filters
    from prefect.client.schemas.sorting import FlowRunSort

    wanted = filters.FlowRunFilter(
        state=filters.FlowRunFilterState(type={"any_": ["SCHEDULED"]}),
        next_scheduled_start_time={"before_": datetime.now(UTC)},
        deployment_id={"any_": [deployment]},
    )
    runs = paged(client.read_flow_runs, flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC)
    return (run for run in runs if run.auto_scheduled)


# FOLDED from flows/paging.py
# Answers of Prefect's server that come in pages.
PAGE = 200
"""Most deployments or runs that the server lists in one answer."""


def paged(read: Callable[..., list[Any]], **query: Any) -> Iterator[Any]:
    """All that a reading method of the client finds; the query needs a `sort`, or pages overlap."""
    offset = 0
    while page := read(**query, limit=PAGE, offset=offset):
        yield from page
        offset += len(page)
