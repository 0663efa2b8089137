"""Other commands on the same store: two and three runs at once, and `clean` while one runs."""

from psutil import Process

from tests.chaos.command import kill_all
from tests.chaos.faults.fault import RUNS, Fault
from tests.chaos.trial import Trial

CLEANINGS = (
    ["clean", "--older-than", "1m", "--keep-best", "0"],
    ["clean", "--older-than", "30d", "--keep-best", "1"],
    ["clean", "--verify"],
    ["clean", "--reread"],
)


def at_once(count: int, trial: Trial) -> None:
    """Sometimes one of them is killed, and the others take over."""
    trial.attempts_alike = False
    commands = [trial.start()]
    for _ in range(count - 1):
        trial.moment(commands[0], among=("time", "lock", "child"), seconds=6.0)
        commands.append(trial.start())
    killed = trial.random.randrange(count) if trial.random.random() < 0.3 else None
    if killed is not None:
        trial.moment(commands[killed])
        kill_all([Process(commands[killed].pid), *commands[killed].below()])
        trial.note(f"kill -9 of run {killed}")
    trial.note(f"{count} runs at once")
    for command in commands:
        trial.finish(command)
    bad = [number for number, code in enumerate(trial.codes) if code and number != killed]
    trial.failures += [f"run {number} ended with exit code {trial.codes[number]}" for number in bad]


def cleaning(trial: Trial) -> None:
    command, words = trial.start(), trial.random.choice(CLEANINGS)
    trial.moment(command)
    trial.note(f"podium {' '.join(words)}")
    trial.finish(trial.start_other(words))
    code = trial.finish(command)
    trial.attempts_alike = False
    trial.note(f"exit codes {trial.codes[0]} and {code}")


FAULTS = (
    Fault("two runs at once", lambda trial: at_once(2, trial), RUNS),
    Fault("three runs at once", lambda trial: at_once(3, trial), RUNS, share=1),
    Fault("clean during a run", cleaning, RUNS, share=3),
)
