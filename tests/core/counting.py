"""A step whose child counts, notes how far it is, and goes on there: a training without a model."""

import os
import time
from pathlib import Path
from typing import Any, Literal

from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Run, Settings
from tasks.core.dispatch import in_child, read_job
from tasks.core.errors import UserError
from tasks.core.execution.child_messages import EpochProgress, send
from tasks.core.jobs import PretrainJob
from tasks.core.step import StepOutcome, step


class Counting(Settings):
    count: int = 3
    seconds: float = 0.0
    end: Literal["well", "mistake", "failure"] = "well"


@step(label="count {name}")
def count(dataset: Artifact, settings: Counting, name: str, run: Run) -> Artifact:
    entry = f"{__name__}:child"
    return in_child(
        entry, "result", PretrainJob, competition="toy", settings=settings, dataset=[dataset], seed=7, run=run
    )


def child(job: dict[str, Any]) -> None:
    read = read_job(job, PretrainJob)
    settings, file = Counting.model_validate(read.settings), read.partial / "count"
    done = int(file.read_text()) if file.exists() else 0
    send(f"begins at {done} in {os.getpid()} on {os.environ['CUDA_VISIBLE_DEVICES']}")
    (read.output / "result.txt").write_text("half")
    for number in range(done + 1, settings.count + 1):
        time.sleep(settings.seconds)
        (read.partial / "next").write_text(str(number))
        (read.partial / "next").replace(file)
        figures = {"began": done, "process": os.getpid()}
        send(EpochProgress(number, settings.count, figures, 1.0, "steps", 0.0))
    if settings.end == "mistake":
        raise UserError("the numbers are wrong")
    if settings.end == "failure":
        print("the last words", flush=True)
        raise ValueError("something is wrong in the code")
    told = {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "PODIUM_WEIGHTS")}
    (read.output / "result.txt").write_text(f"{settings.count} counted, {told}")


def start() -> Artifact:
    """What the counting starts from."""
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "zero").touch()
        return store.keep("dataset", folder)


def call(runner: str = "threads", *, address: str = "", name: str = "one", **settings: Any) -> StepOutcome:
    """Count on this runner."""
    run = Run.model_validate({"runner": runner, "address": address})
    return count.execute(count.bind(start(), Counting(**settings), name, run))


def leftovers(store: Path) -> list[str]:
    """Names of everything in a store's folder for what is not finished."""
    return sorted(path.name for path in (store / "temporary").iterdir())
