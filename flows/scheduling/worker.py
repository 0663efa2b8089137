"""A worker of a Prefect work pool that starts Podium's own flows, whatever the server says.

Prefect's own worker runs the command, pull steps, module and environment variables of a deployment, in the
process of the run, and in its own for the hooks of a run that crashed: who can change a deployment on the
server can run any code on each machine with a worker. This one reads the name of the flow and checks the
parameters, and refuses all else.
"""

import asyncio
import logging
import os
import warnings
from typing import Any

from prefect.runner._flow_run_executor import FlowRunExecutorContext
from prefect.runner._starter_engine import EngineCommandStarter
from prefect.states import Failed
from prefect.utilities.processutils import setup_signal_handlers_worker
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker, ProcessWorkerResult

from flows.runtime.local_server import Inform
from flows.scheduling.deployments import RUN_SETTINGS
from flows.scheduling.entrypoint import deployed_flow
from flows.scheduling.own_flows import checked_flow, entrypoint_of
from tasks.core.errors import UserError

log = logging.getLogger("podium")


def work(pool: str, *, limit: int, inform: Inform) -> None:
    """Take due runs from a work pool, each in its own process, until a signal comes."""
    worker = OwnFlowsWorker(work_pool_name=pool, limit=limit, create_pool_if_not_found=False)
    setup_signal_handlers_worker(os.getpid(), "the worker", inform)
    asyncio.run(worker.start(printer=inform))


with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it takes the place of Prefect's worker of this type

    class OwnFlowsWorker(ProcessWorker):
        """Refuses runs that are not of a flow of this project, and starts others from the flow's name alone.

        How a worker starts a run is not part of Prefect's public interface; a test holds it.
        """

        async def _submit_run_and_capture_errors(self, flow_run: Any, task_status: Any = None) -> Any:
            try:
                await self._own_flow(flow_run)
            except UserError as error:
                refusal = f"Refused: {error}"
                log.warning("%s: %s", flow_run.name, refusal)
                await self.client.set_flow_run_state(flow_run.id, Failed(message=refusal))
                self._release_limit_slot(flow_run.id)
                if task_status:
                    task_status.started(error)
                return error
            return await super()._submit_run_and_capture_errors(flow_run, task_status)

        async def _own_flow(self, flow_run: Any) -> str:
            """The name of the run's flow; raises InvalidSettings if it is not to be started."""
            id = flow_run.deployment_id
            deployment = await self.client.read_deployment(id) if id else None
            entrypoint = deployment.entrypoint if deployment else None
            return await asyncio.to_thread(checked_flow, entrypoint, flow_run.parameters)

        async def run(
            self, flow_run: Any, configuration: ProcessJobConfiguration, task_status: Any = None
        ) -> ProcessWorkerResult:
            """Start the flow and wait for its end; nothing of the server's configuration is used."""
            name = await self._own_flow(flow_run)

            async def own_flow(_: Any) -> Any:
                return deployed_flow(name)

            async with FlowRunExecutorContext() as context:
                starter = EngineCommandStarter(
                    entrypoint=entrypoint_of(name),
                    env={**RUN_SETTINGS},
                    control_channel=context.control_channel,
                )
                executor = context.create_executor(
                    flow_run, starter, resolve_flow=own_flow, propose_submitting=False
                )
                return await _executed(executor, task_status)


async def _executed(executor: Any, task_status: Any) -> ProcessWorkerResult:
    """The result of a run; says when its process has begun."""
    import anyio

    execution: Any = None

    async def execute(*, task_status: Any = anyio.TASK_STATUS_IGNORED) -> None:
        nonlocal execution
        execution = await executor.submit(task_status=task_status)

    async with anyio.create_task_group() as group:
        handle = await group.start(execute)
        if task_status:
            task_status.started(handle.pid)
    if execution is None or execution.status_code is None:
        raise RuntimeError("expected a run with an exit code, received none")
    return ProcessWorkerResult(status_code=execution.status_code, identifier=str(handle.pid))
