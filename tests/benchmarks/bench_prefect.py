"""What Prefect costs a whole run: the demo with it, and its steps on plain threads in a process without it.

The server runs before the first round, as it does for everybody after their first run; its own work is not
counted. Each run has a store of its own and computes everything.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any, NamedTuple

ROUNDS = 4
WAYS = ("with", "without")


class Took(NamedTuple):
    """Seconds of a run: by the clock, and of a processor in its own process and in the trainings'."""

    wall: float
    own: float
    children: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, {self.own:.1f} of a processor, trainings {self.children:.1f}"


class Threads:
    """Carries steps out on threads, each when what it takes is there."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(64)  # what waits holds a thread; slots limit the trainings

    def call(self, step: Any, arguments: dict[str, Any]) -> "Future[Any]":
        """Start a step."""
        return self.pool.submit(lambda: step.execute(come(arguments), run="threads").result)


def come(value: Any) -> Any:
    """The value with each future's result in its place."""
    if isinstance(value, Future):
        return value.result()
    if isinstance(value, dict):
        return {name: come(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [come(item) for item in value]
    return value


def stand_in_for_prefect() -> None:
    """Modules with as much of Prefect's as the flow takes, so that it is not imported."""
    made: Any = {name: ModuleType(name) for name in ("prefect", "prefect.task_runners", "prefect.runtime")}
    made["prefect"].flow = lambda **options: lambda function: function
    made["prefect.task_runners"].ThreadPoolTaskRunner = lambda **options: None
    made["prefect.runtime"].flow_run = ModuleType("flow_run")
    made["prefect.runtime"].flow_run.get_id = lambda: "threads"
    sys.modules.update(made)


def on_threads(data: str) -> None:
    """The demo without Prefect, and without its pages of the report."""
    stand_in_for_prefect()
    from flows.dogs import dogs
    from tasks import report
    from tasks.core.context import recorded_by
    from tasks.core.execution.garbage_collection import raise_gc_threshold
    from tasks.core.settings import resolve

    raise_gc_threshold()
    report.publish = lambda *told, **options: None
    config = resolve.resolve("dogs", preset="demo", overrides=(f"data.root={data}",), submission=None)
    with recorded_by(Threads()):
        print(come(dogs(config)))


def through_prefect(data: str) -> None:
    """The demo as anybody runs it."""
    from flows.__main__ import main

    sys.argv = ["podium", "run", "dogs", "--preset", "demo", "--set", f"data.root={data}"]
    main()


def one_run(way: str, data: str) -> None:
    """Run once, and write what it took of a processor as the last line."""
    try:
        through_prefect(data) if way == "with" else on_threads(data)
    finally:
        own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        print(json.dumps([used.ru_utime + used.ru_stime for used in (own, children)]))


def took(way: str, folder: Path, data: str) -> Took:
    """Run in a process of its own, on a store of its own."""
    chosen = {"STORE": "store", "SUBMISSIONS": "submissions", "SLOT_FOLDER": "slots"}
    env = {**os.environ, **{f"PODIUM_{name}": str(folder / inner) for name, inner in chosen.items()}}
    command = [sys.executable, "-m", "tests.benchmarks.bench_prefect", way, data]
    began = time.perf_counter()
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    return Took(wall, *json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Print what each run took, the medians, and Prefect's share; no more than 2 % are wanted."""
    from flows.runtime import local_server

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["PREFECT_HOME"] = str(folder / "prefect")
        data = str(folder / "data")
        subprocess.run([sys.executable, "-m", "tasks.dogs.demo", data], check=True, stdout=subprocess.DEVNULL)
        local_server.ensure(print)
        try:
            compare(folder, data)
        finally:
            local_server.stop(print)


def compare(folder: Path, data: str) -> None:
    """Both ways in turn."""
    rounds: dict[str, list[Took]] = {way: [] for way in WAYS}
    for number in range(ROUNDS):
        for way in WAYS:
            rounds[way].append(took(way, folder / f"{way}-{number}", data))
            print(f"{way} Prefect: {rounds[way][-1]}", flush=True)
    middle = {way: Took(*map(median, zip(*rounds[way], strict=True))) for way in WAYS}
    for way in WAYS:
        print(f"median {way} Prefect: {middle[way]}")
    more, less = middle["with"], middle["without"]
    share = (more.own - less.own) / (more.own + more.children)
    print(f"Prefect: {more.wall / less.wall - 1:+.1%} by the clock, {share:.1%} of what the processors did")


if __name__ == "__main__":
    one_run(*sys.argv[1:]) if len(sys.argv) > 1 else main()
