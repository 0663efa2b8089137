"""Carry a flow out to its end, also when the Prefect server that records it is lost on the way.

Steps and trainings do not need the server. But Prefect's client waits a minute for each of its last calls,
and then gives up a flow whose work is done.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from functools import partial, wraps
from typing import Any, NamedTuple

from pydantic_core import to_jsonable_python

from flows.runtime.local_server import answers

PROBE_SECONDS = 5.0
LOST_SECONDS = 15.0
"""Silence of this length is a loss; a server that is started anew answers sooner on most machines."""
COMPLAINING = ("prefect.events.clients", "prefect._internal.concurrency", "prefect.flow_runs")
"""Loggers that tell of each message which did not reach the server, and of the flow that fails for it."""

Say = Callable[[str], None]


class Ended(NamedTuple):
    """What a flow returned, and whether the server knows."""

    result: Any
    recorded: bool

    def leave(self) -> None:
        """End the process where the server is lost: Prefect would go on for minutes to tell it the rest."""
        if not self.recorded:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)


def carried_out(
    flow: Any, *arguments: Any, name: str, runner: Any = None, url: str | None, say: Say
) -> Ended:
    """Run the flow; what its body returns or raises counts, not what becomes of the server.

    Args:
        flow: Prefect's.
        arguments: the flow's.
        name: of the run.
        runner: of its tasks; the flow's own unless given.
        url: of the server's API; None for a temporary one, which is not watched.
        say: for messages to the person.
    """
    body = _Body(flow.fn)
    own = for_one_run(flow, body.kept, name, runner or flow.task_runner)
    with watched(url, say) as watch:
        try:
            return Ended(own(*arguments), recorded=True)
        except Exception as error:
            if body.failure:
                raise body.failure from None
            if not body.returned:
                raise
            say(_unrecorded(watch, error))
            return Ended(body.returned[0], recorded=False)


def for_one_run(flow: Any, body: Callable[..., Any], name: str, runner: Any) -> Any:
    """The flow with another body, name and runner.

    Prefect's `with_options` works out the schema of the parameters anew, and its `serialize_parameters`
    imports FastAPI: half a second together, for what is known and for what pydantic does alike.
    """
    own = copy(flow)
    own.fn, own.flow_run_name, own.task_runner = body, name, runner
    own.serialize_parameters = partial(to_jsonable_python, serialize_unknown=True)
    return own


class _Body:
    """A flow's function that keeps what it returned or raised."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.returned: list[Any] = []
        self.failure: Exception | None = None

        @wraps(function)
        def kept(*arguments: Any, **keywords: Any) -> Any:
            try:
                result = function(*arguments, **keywords)
            except Exception as error:
                self.failure = error
                raise
            self.returned.append(result)
            return result

        self.kept = kept


def _unrecorded(watch: "Watch", error: Exception) -> str:
    if not watch.silent:
        return (
            f"Prefect could not record the end of this run ({error}); its results are complete all the same"
        )
    return (
        f"the Prefect server was lost at {watch.last:%H:%M:%S}: its pages show this run as unfinished or "
        "crashed, without the steps, logs and reports that came later. The results and the cache are complete"
    )


class Watch:
    """Asks again and again whether the server answers; while it is lost, Prefect does not wait for it."""

    def __init__(self, url: str, say: Say) -> None:
        from prefect.settings import get_current_settings

        self.last = datetime.now()
        """When it answered last."""
        self.silent = False
        """Whether it left the last question without an answer."""
        self.lost = False
        self._url, self._say = url, say
        self._answered = time.monotonic()
        self._client = get_current_settings().client  # one for all threads; they read it before each attempt
        self._retries = self._client.max_retries

    def ask(self) -> None:
        """Ask once, and say what has changed."""
        self.silent = not answers(self._url, any_status=True)
        logging.raiseExceptions = not self.silent  # else logs that do not arrive are told without end
        if not self.silent:
            self.last, self._answered = datetime.now(), time.monotonic()
        lost = time.monotonic() - self._answered > LOST_SECONDS
        if lost != self.lost:
            self.lost, self._client.max_retries = lost, 0 if lost else self._retries
            page = self._url.removesuffix("/api")
            self._say(
                f"the Prefect server at {page} "
                + ("does not answer any more; the run goes on without it" if lost else "answers again")
            )

    def end(self) -> None:
        """Leave Prefect's settings as they were; a lost server stays so until the process ends."""
        if not self.lost:
            self._client.max_retries = self._retries

    def filter(self, record: logging.LogRecord) -> bool:
        """Keeps complaints of Prefect to itself that say the same of each message."""
        return not self.silent


class _Unwatched:
    """Stands for a server that ends with the run."""

    lost = silent = False


@contextmanager
def watched(url: str | None, say: Say) -> Iterator[Any]:
    """Within the block, the server is watched from a thread."""
    if url is None:
        yield _Unwatched()
        return
    watch, over = Watch(url, say), threading.Event()
    for name in COMPLAINING:
        logging.getLogger(name).addFilter(watch)

    def ask() -> None:
        while not over.wait(PROBE_SECONDS):
            watch.ask()

    threading.Thread(target=ask, daemon=True).start()
    try:
        yield watch
    finally:
        over.set()
        watch.end()
        if not watch.silent:
            for name in COMPLAINING:
                logging.getLogger(name).removeFilter(watch)
