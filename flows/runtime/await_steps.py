"""Wait for every step a flow started and raise the first real failure, not what it dragged along.

Prefect marks what depends on a failed step *NotReady*, and a flow that does not wait for its futures
ends *Completed* whatever became of them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from tasks.core.context import Collector, collected_by
from tasks.core.execution.run_control import RunControl, controlled_by


def followed(body: Callable[..., Any]) -> Callable[..., Any]:
    """The flow body with its returned future awaited, and all others before it."""

    @wraps(body)
    def run(*arguments: Any, **keywords: Any) -> Any:
        collector = Collector()
        with collected_by(collector), controlled_by(RunControl()):
            last = body(*arguments, **keywords)
        if not hasattr(last, "wait"):
            return last  # a plan: nothing runs
        for future in collector.futures:
            future.wait()
        for future in collector.futures:
            if future.state.is_failed() or future.state.is_crashed():
                future.result()  # raises the step's own exception
        return last.result()

    return run
