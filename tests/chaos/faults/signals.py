"""Signals that a process may handle: SIGTERM, SIGHUP, SIGSTOP and SIGCONT."""

import os
import signal
import time
from contextlib import suppress

from psutil import NoSuchProcess, Process

from tests.chaos.faults.fault import ALL, Fault
from tests.chaos.trial import Trial

LONGEST_STOP_SECONDS = 12.0


def term(trial: Trial) -> None:
    _send(trial, signal.SIGTERM)


def hang_up(trial: Trial) -> None:
    _send(trial, signal.SIGHUP)


def _send(trial: Trial, number: signal.Signals) -> None:
    """To the flow's process, or to its group, as a terminal does; sometimes twice."""
    command = trial.start()
    trial.moment(command)
    times, to_group = trial.random.choice((1, 1, 2)), trial.random.random() < 0.5
    trial.note(f"{times} {number.name} to the {'group' if to_group else 'process'}")
    for _ in range(times):
        with suppress(ProcessLookupError):
            os.killpg(command.pid, number) if to_group else command.send(number)
        time.sleep(0.2)
    trial.finish(command)


def stop_and_continue(trial: Trial) -> None:
    """Of the flow, of a child, or of both, for seconds."""
    command = trial.start()
    trial.moment(command)
    target = trial.random.choice(("flow", "child", "everything"))
    main, below = Process(command.pid), command.below()
    chosen = {"flow": [main], "child": below[:1] or [main], "everything": [main, *below]}[target]
    seconds = trial.random.uniform(0.5, LONGEST_STOP_SECONDS)
    trial.note(f"SIGSTOP of {target}, SIGCONT after {seconds:.1f} s")
    for number in (signal.SIGSTOP, signal.SIGCONT):
        for each in chosen:
            with suppress(NoSuchProcess, ProcessLookupError):
                os.kill(each.pid, number)
        if number == signal.SIGSTOP:
            time.sleep(seconds)
    trial.finish(command)


FAULTS = (
    Fault("SIGTERM", term, (*ALL, "serve"), share=3),
    Fault("SIGHUP", hang_up, (*ALL, "serve"), share=3),
    Fault("SIGSTOP, SIGCONT", stop_and_continue, (*ALL, "serve")),
)
