"""Of scheduled runs that are overdue, let one run: the newest of each deployment.

Prefect runs all that were scheduled while nobody worked them, or while the machine slept. Each of them would
look at the same data, so the others are cancelled and say why.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flows.paging import paged

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
