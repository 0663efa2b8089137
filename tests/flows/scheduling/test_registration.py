"""Deployments on a server: what an interrupted registration leaves."""

from uuid import UUID

import pytest
from prefect.client.orchestration import get_client

from flows.scheduling.deployments import register
from flows.scheduling.schedule_file import Schedule, ScheduleFile, deployment_specs
from flows.scheduling.serve import pausing_on_interrupt
from tasks.core import locations

NIGHTLY = Schedule(competition="dogs", preset="demo", cron="0 3 * * *", timezone="Europe/Berlin")
SPECS = deployment_specs(ScheduleFile(schedules=(NIGHTLY,)), ["dogs"], root=locations.presets_folder())[:3]


def added(deployment) -> UUID:
    return deployment.apply()


def paused(ids: list[UUID]) -> list[bool]:
    with get_client(sync_client=True) as client:
        return [client.read_deployment(id).paused for id in ids]


def test_deployments_are_active_once_all_are_registered(prefect_server: str) -> None:
    with pausing_on_interrupt(added) as add:
        ids = register(SPECS, add)
    assert paused(ids) == [False, False, False]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_registration_leaves_no_schedule_that_nobody_serves(
    prefect_server: str, error: type[BaseException]
) -> None:
    ids = list[UUID]()

    def interrupted(deployment) -> UUID:
        if len(ids) == 2:
            raise error
        ids.append(added(deployment))
        return ids[-1]

    with pytest.raises(error), pausing_on_interrupt(interrupted) as add:
        register(SPECS, add)
    assert paused(ids) == [True, True]
