"""What a cached step costs: its look-up alone, and through Prefect; each waits for the one before.

Several rounds, for beside other work a round takes half as much again.
"""

import logging
import os
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from flows.console import show_logs
from flows.runtime import prefect_settings
from tasks.core.cache.store import Artifact, Store
from tasks.core.step import step

STEPS, ROUNDS = 200, 7


@step(label="keep {number}")
def keep(number: int, before: Artifact | None) -> Artifact:
    """Keep a number."""
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "number").write_text(str(number))
        return store.keep("number", folder)


class Took(NamedTuple):
    """Seconds, by the clock and of a processor."""

    wall: float
    used: float

    @classmethod
    def of(cls, work: Callable[[], Any]) -> "Took":
        """Do the work."""
        began, worked = time.perf_counter(), time.process_time()
        work()
        return cls(time.perf_counter() - began, time.process_time() - worked)

    def __str__(self) -> str:
        wall, used = (1000 * seconds / STEPS for seconds in self)
        return f"{wall:.1f} ms, {used:.1f} of a processor"


def alone() -> None:
    """Call every step without Prefect."""
    before = None
    for number in range(STEPS):
        before = keep.execute(keep.bind(number, before)).result


def submitted() -> None:
    """Call every step as flows do, and wait for the last."""
    before: Any = None
    for number in range(STEPS):
        before = keep.submit(number, before)
    before.wait()


def through_prefect() -> Took:
    """How long the steps of a flow took, without what begins and ends the flow."""
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    @flow(name="chain", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
    def chain() -> Took:
        return Took.of(submitted)

    took: Took = chain()
    return took


def main() -> None:
    """Print milliseconds a step; with everything, no more than 10 of a processor are wanted."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PODIUM_STORE": f"{folder}/store", "PREFECT_HOME": f"{folder}/prefect"}
        os.environ |= prefect_settings.environment()
        alone()  # computes what then is cached
        print(f"look-up alone: {Took.of(alone)}")
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=600):
            through_prefect()  # imports what it needs, and sets up logs
            show_logs()
            logging.getLogger().handlers[:] = []  # lines on the screen would be measured as well
            rounds = [through_prefect() for _ in range(ROUNDS)]
            for took in rounds:
                print(f"through Prefect: {took}")
            print(f"median: {Took(*map(median, zip(*rounds, strict=True)))}")


if __name__ == "__main__":
    from tests.benchmarks import bench_steps  # under this name the code of its step can be found

    bench_steps.main()
