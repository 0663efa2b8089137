"""A competition's workflow: its body, and the Prefect flow that a run makes of it.

A plan executes the body alone. Importing Prefect would take half of a plan's time, so that a module with a
workflow does not import it.
"""

from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import Any

from flows.runtime.await_steps import await_steps

WORKERS = 8
"""Steps under way at one time, unless a run says otherwise (`run.workers`)."""


class Workflow:
    """A function that submits steps, with name and description."""

    def __init__(self, body: Callable[..., Any], name: str, description: str) -> None:
        """Make a workflow of a body that submits steps and returns the last one."""
        self.fn = await_steps(body)
        self.name = name
        self.description = description
        update_wrapper(self, body)

    @cached_property
    def prefect_flow(self) -> Any:
        """The flow with which Prefect records a run."""
        from prefect import flow
        from prefect.task_runners import ThreadPoolTaskRunner

        runner: Any = ThreadPoolTaskRunner(max_workers=WORKERS)
        return flow(name=self.name, description=self.description, task_runner=runner)(self.fn)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Run it under Prefect."""
        return self.prefect_flow(*arguments, **keywords)


def workflow(name: str, description: str = "") -> Callable[[Callable[..., Any]], Workflow]:
    """Decorate the body of a competition's workflow; it ends when all steps have ended (`await_steps`)."""
    return lambda body: Workflow(body, name, description)
