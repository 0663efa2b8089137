"""Kill -9: of a child process, of the flow's process, of everything, of the Prefect server."""

import os
import signal
from contextlib import suppress

from psutil import Process, wait_procs

from tests.chaos import server
from tests.chaos.command import Command, kill_all
from tests.chaos.faults.fault import ALL, RUNS, Fault
from tests.chaos.trial import Missed, Trial


def child(trial: Trial) -> None:
    """The step's next attempt continues, in the same run."""
    command = trial.start()
    for _ in range(trial.random.choice((1, 1, 2))):
        trial.moment(command, among=("child", "checkpoint", "checkpoint begins", "artifact begins"))
        children = command.children()
        if not children:
            raise Missed("there was no child process")
        victim = trial.random.choice(children)
        trial.note(f"kill -9 of child {victim.pid}")
        kill_all([victim])
    trial.finish(command)


def flow(trial: Trial) -> None:
    command = trial.start()
    trial.moment(command)
    below = command.below()
    kill_all([Process(command.pid)])
    trial.note("kill -9 of the flow")
    trial.finish(command)
    if trial.random.random() < 0.7:  # else the next command meets children that are about to end
        wait_procs(below, timeout=20)


def everything(trial: Trial) -> None:
    command = trial.start()
    trial.moment(command)
    _kill_tree(command)
    trial.note("kill -9 of everything")
    trial.finish(command)


def _kill_tree(command: Command) -> None:
    kill_all([Process(command.pid), *command.below()])


def prefect_server(trial: Trial) -> None:
    """The run goes on without it; the next command starts another one."""
    command = trial.start()
    trial.moment(command, among=("time", "journal", "child", "record", "slot"))
    found = server.running(trial.folder.parent / "prefect")
    if found is None:
        raise Missed("there was no server")
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGKILL)
    trial.note("kill -9 of the Prefect server")
    also_flow = trial.random.random() < 0.3
    if also_flow and command.runs():
        _kill_tree(command)
    trial.finish(command)


FAULTS = (
    Fault("kill -9 child", child, (*ALL, "serve"), needs_child=True, share=4),
    Fault("kill -9 flow", flow, (*ALL, "serve"), share=4),
    Fault("kill -9 everything", everything, (*ALL, "serve"), share=4),
    Fault("kill -9 Prefect server", prefect_server, (*RUNS, "search", "serve")),
)
