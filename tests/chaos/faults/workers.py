"""Workers of Dask and Ray: killed, and frozen for a while."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec

from psutil import Process

from tests.chaos.command import words_of
from tests.chaos.faults.fault import RUNS, Fault
from tests.chaos.trial import Missed, Trial

WORDS = {"dask": "spawn_main", "ray": "ray::"}
"""By which command lines of workers are known."""
LONGEST_FREEZE_SECONDS = 20.0


def _missing(runner: str, package: str) -> Callable[[], str]:
    return lambda: "" if find_spec(package) else f"{package} is not installed"


def _killed(runner: str) -> Callable[[Trial], None]:
    def act(trial: Trial) -> None:
        command = trial.start("--set", f"run.runner={runner}")
        worker = _worker(trial, runner)
        trial.note(f"kill -9 of a worker of {runner}")
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        trial.finish(command)

    return act


def _frozen(runner: str) -> Callable[[Trial], None]:
    def act(trial: Trial) -> None:
        command = trial.start("--set", f"run.runner={runner}")
        worker, seconds = _worker(trial, runner), trial.random.uniform(1, LONGEST_FREEZE_SECONDS)
        trial.note(f"a worker of {runner} is frozen for {seconds:.0f} s")
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(worker.pid, signal.SIGCONT)
        trial.finish(command)

    return act


def _worker(trial: Trial, runner: str) -> Process:
    """A worker, at a moment when there are child processes."""
    running = trial.commands[-1]
    trial.moment(running, among=("child", "checkpoint", "slot"))
    workers = [each for each in running.below() if WORDS[runner] in words_of(each)]
    if not workers:
        raise Missed("there was no worker")
    return trial.random.choice(workers)


FAULTS = tuple(
    Fault(f"{runner} worker {name}", act(runner), RUNS, _missing(runner, package), needs_child=True)
    for runner, package in (("dask", "distributed"), ("ray", "ray"))
    for name, act in (("killed", _killed), ("frozen", _frozen))
)
