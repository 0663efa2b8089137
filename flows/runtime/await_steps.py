"""Wait for every step that a flow started, and raise the failure that no other step caused.

Prefect marks steps that depend on a failed one *NotReady*, and a flow that does not wait for its futures ends
*Completed* even if they failed.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from tasks.core.context import collected_in
from tasks.core.errors import UserError
from tasks.core.execution.cancellation import RunControl, controlled_by
from tasks.core.execution.stopping import on_stop


def await_steps(body: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a flow's body: wait for all its steps, and return the result of the last."""

    @wraps(body)
    def run(*arguments: Any, **keywords: Any) -> Any:
        futures: list[Any] = []
        with collected_in(futures), controlled_by(RunControl()), on_stop(lambda: _leave_out(futures)):
            last = body(*arguments, **keywords)
            if not hasattr(last, "wait"):
                return last  # a plan, in which nothing runs
            for future in futures:
                future.wait()
        failed = [each for each in futures if each.state.is_failed() or each.state.is_crashed()]
        if failed:
            raise _failure_of(failed)
        return last.result()

    return run


def _failure_of(futures: Iterable[Any]) -> BaseException:
    """What these failed futures raise: the first exception, but of errors of the user all that differ."""
    errors = [each.result(raise_on_failure=False) for each in futures]
    messages = list(dict.fromkeys(map(str, errors)))
    if len(messages) > 1 and all(isinstance(each, UserError) for each in errors):
        return UserError("\n".join(messages))
    return errors[0]


def _leave_out(futures: Iterable[Any]) -> None:
    """Begin none of the steps that have not begun."""
    for future in list(futures):
        future.wrapped_future.cancel()


def results_of(futures: Iterable[Any]) -> list[Any]:
    """Wait for steps whose results the flow needs to go on; artifacts, of steps that run at once, stay.

    Of steps that depend on each other give the first ones first: then a failure is that of its own step.
    """
    return [each.result() if hasattr(each, "result") else each for each in futures]
