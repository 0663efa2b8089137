"""Work the runs of registered deployments until a signal comes."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flows.scheduling.deployments import Chosen, register
from flows.scheduling.server_schedules import skip_missed

if TYPE_CHECKING:
    from prefect.runner import Runner

POLL_SECONDS = 5.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)

Say = Callable[[str], None]


def serve(found: Sequence[Chosen], *, limit: int, say: Say) -> None:
    """Register deployments and start their due runs, each in a process of its own, until a signal comes.

    Runs at work are cancelled then, and the deployments paused, so that nothing becomes overdue.

    Args:
        found: the deployments.
        limit: most runs at one time; their long parts wait for slots of the machine besides.
        say: for messages to the person.
    """
    from prefect.runner import Runner

    runner = Runner(name="podium", query_seconds=POLL_SECONDS, limit=limit, pause_on_shutdown=True)
    ids = register(found, runner.add_deployment)
    if skipped := skip_missed(ids):
        say(f"{skipped} scheduled runs were missed; of each deployment the newest runs now")
    asyncio.run(_work(runner, ids, say))


async def _work(runner: "Runner", ids: Sequence[UUID], say: Say) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    working = asyncio.create_task(runner.start(webserver=False))
    while not runner.started and not working.done():
        await asyncio.sleep(0.05)
    for number in SIGNALS:  # in place of the runner's own, which asks another thread's loop to stop it
        loop.add_signal_handler(number, told.set)
    say("runs are started from here; Ctrl-C ends them and pauses the schedules")
    skipping = asyncio.create_task(_skip_for_ever(ids))
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    for number in SIGNALS:  # a second Ctrl-C ends everything at once
        loop.remove_signal_handler(number)
    skipping.cancel()
    waiting.cancel()
    if not working.done():
        say("ending: runs at work are cancelled, schedules paused …")
        await runner.astop()
    await working


async def _skip_for_ever(ids: Sequence[UUID]) -> None:
    """A machine that slept finds many runs due at once."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        await asyncio.to_thread(_skip_quietly, ids)


def _skip_quietly(ids: Sequence[Any]) -> None:
    import logging

    try:
        skip_missed(ids)
    except Exception as error:
        logging.getLogger("podium").warning("missed runs could not be looked for: %s", error)
