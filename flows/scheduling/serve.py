"""Run registered deployments on demand and on schedule, until a signal comes."""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.runner._starter_engine import EngineCommandStarter

from flows.runtime.local_server import Inform
from flows.runtime.run_marks import settle
from flows.scheduling import entrypoint
from flows.scheduling.deployments import register
from flows.scheduling.own_flows import entrypoint_of
from flows.scheduling.schedule_file import AnySpec
from flows.scheduling.server_schedules import skip_missed
from tasks.core.files.temporary import temporary_folder
from tasks.core.report.formatting import counted

POLL_SECONDS = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

log = logging.getLogger("podium")


def serve_deployments(specs: Sequence[AnySpec], *, limit: int, url: str, inform: Inform) -> None:
    """Register deployments and start their due runs, each in its own process, until a signal comes.

    Active runs are then cancelled and the deployments paused, so that no run becomes overdue. At most `limit`
    runs are active at the same time; their trainings also wait for the machine's slots. `url` is the address
    of the server's API.
    """
    runner = OwnFlowsRunner(name="podium", query_seconds=POLL_SECONDS, limit=limit, pause_on_shutdown=True)
    with pausing_on_interrupt(runner.add_deployment) as add:
        ids = register(specs, add)
    runner.flows = {id: spec.flow for id, spec in zip(ids, specs, strict=True)}
    if skipped := skip_missed(ids):
        inform(f"{counted(skipped, 'missed run')} left out; the newest of each deployment runs now")
    with temporary_folder() as folder:
        runner._tmp_dir = folder  # Prefect's own is below one that belongs to the first user of the machine
        asyncio.run(_run(runner, ids, url, inform))


@contextmanager
def pausing_on_interrupt(add: Callable[[Any], Any]) -> Iterator[Callable[[Any], UUID]]:
    """A function that adds deployments; what it has added is paused if the block is interrupted or fails.

    Their runs would become overdue, as nobody starts them.
    """
    added = list[UUID]()

    def remembering(deployment: Any) -> UUID:
        added.append(add(deployment))
        return added[-1]

    try:
        yield remembering
    except BaseException:
        with get_client(sync_client=True) as client:
            for id in added:
                client.pause_deployment(id)
        raise


class OwnFlowsRunner(Runner):
    """Starts Podium's own flows, whatever a deployment on the server says.

    Entry point, pull steps, path and command of a deployment are not used: who can change it can choose
    settings, but no code. Prefect would run them in the process of the run, and in this one for the hooks of
    a run that crashed. How a run is started is not part of Prefect's public interface; a test holds it.
    """

    flows: Mapping[UUID, str]
    """The name of each deployment's flow."""

    async def __aenter__(self) -> "OwnFlowsRunner":
        await super().__aenter__()
        for id, name in self.flows.items():  # for hooks
            self._deployment_registry.register_flow(id, entrypoint.deployed_flow(name))
        self._scheduled_run_poller._resolve_starter = self._starter
        return self

    def _starter(self, flow_run: Any) -> EngineCommandStarter:
        """What starts the run; raises KeyError if it is of a deployment that is not served here."""
        seconds: Any = self._heartbeat_seconds
        return EngineCommandStarter(
            tmp_dir=self._tmp_dir,
            entrypoint=entrypoint_of(self.flows[flow_run.deployment_id]),
            deployment_name=self._deployment_registry.get_deployment_name(flow_run.deployment_id),
            heartbeat_seconds=seconds,
            control_channel=self._control_channel,
        )


async def _run(runner: Runner, ids: Sequence[UUID], url: str, inform: Inform) -> None:
    loop, signalled = asyncio.get_running_loop(), asyncio.Event()
    running = asyncio.create_task(runner.start(webserver=False))
    while not runner.started and not running.done():
        await asyncio.sleep(0.05)
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # not with nohup
    for number in heard:  # replaces the runner's own handler, which calls the loop of another thread
        loop.add_signal_handler(number, signalled.set)
    inform("runs are started from here; Ctrl-C ends them and pauses the schedules")
    skipping = asyncio.create_task(_skip_repeatedly(ids, url))
    waiting = asyncio.create_task(signalled.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for number in heard:  # a second Ctrl-C ends everything at once
        loop.remove_signal_handler(number)
    skipping.cancel()
    waiting.cancel()
    if not running.done():
        inform("ending: active runs are cancelled, schedules paused …")
        await runner.astop()
    await running


async def _skip_repeatedly(ids: Sequence[UUID], url: str) -> None:
    """Skip missed runs again and again, and settle those that died.

    After a machine has slept, many runs are due at once.
    """
    while True:
        await asyncio.sleep(POLL_SECONDS)
        try:
            await asyncio.to_thread(skip_missed, ids)
            await asyncio.to_thread(settle, url)
        except Exception as error:
            log.warning("missed runs could not be found: %s", error)
