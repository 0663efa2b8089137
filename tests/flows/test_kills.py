"""Kills at random moments: a rerun continues, and its submission is that of an uninterrupted run."""

import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from psutil import NoSuchProcess, Process, wait_procs

from tests.flows.podium_runs import command, draw, environment, finish, start, submissions
from tests.flows.resumptions import redone

KILLS = 21
EPOCHS = 60
SETTINGS = {"recipes__0__training__stages__0__epochs": EPOCHS, "run__checkpoint_seconds": 0}
TARGETS = ("child", "flow", "everything")

pytestmark = [pytest.mark.slow, pytest.mark.server]


class Running:
    """A run whose lines are collected while it runs."""

    def __init__(self, words: list[str], places: dict[str, str]) -> None:
        self.lines: list[str] = []
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "start_new_session": True}
        self.process = start(words, places, **options)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def ended(self, seconds: float) -> bool:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self, target: str) -> bool:
        """Kill -9; returns whether there was a process to kill."""
        main = Process(self.process.pid)
        below = main.children(recursive=True)
        trainings = [each for each in below if "tasks.train:child" in _words(each)]
        chosen = {"child": trainings[:1], "flow": [main], "everything": [main, *below]}[target]
        for each in chosen:
            _kill(each)
        if target != "child":
            wait_procs([main, *below], timeout=20)  # the children end with their parent
        return bool(chosen)

    def close(self) -> list[str]:
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.lines


def _words(process: Process) -> list[str]:
    try:
        return process.cmdline()
    except NoSuchProcess:
        return []


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


ONE_STEP_AN_EPOCH = {
    "dogs": {"recipes__0__training__batch_size": 18},
    "extraction": {"recipes__0__training__batch_characters": 100_000},
    # questions of one fold are about one table, and all are cut at the same length: one batch
    "nl2sql": {"recipes__0__training__batch_questions": 24},
}


@pytest.mark.parametrize("competition", ONE_STEP_AN_EPOCH)
def test_kills_cost_one_checkpoint_interval_at_most(competition, tmp_path, prefect_server):
    settings = {**SETTINGS, **ONE_STEP_AN_EPOCH[competition]}
    words = command(draw(tmp_path / "data", competition), competition, **settings)
    words.append("--verbose")  # a line for every epoch
    whole = environment(tmp_path, store="whole")
    began = time.monotonic()
    finish(words, whole)
    seconds = time.monotonic() - began
    generator, kills, rounds, lost = random.Random(0), dict.fromkeys(TARGETS, 0), 0, []
    while sum(kills.values()) < KILLS:
        places = environment(tmp_path, store=f"killed-{rounds}")
        lines = run_with_kills(words, places, generator, kills, longest=seconds)
        assert submissions(places) == submissions(whole)
        lost += redone(lines)
        rounds += 1
    print(f"{kills}, {rounds} rounds, uninterrupted {seconds:.0f} s, steps redone at resumptions {lost}")
    assert max(lost) <= 1
    assert min(kills.values()) > 0


def run_with_kills(
    words: list[str],
    places: dict[str, str],
    generator: random.Random,
    kills: dict[str, int],
    *,
    longest: float,
) -> list[str]:
    """Start, kill at random moments and start again until a run succeeds; returns the lines of all runs."""
    lines: list[str] = []
    running = Running(words, places)
    budget = KILLS // 2
    while True:
        moment = generator.uniform(0.1, 0.5) * longest
        if running.ended(moment if budget else 600):
            lines += running.close()
            if running.process.returncode == 0:
                return lines
            running = Running(words, places)
            continue
        target = generator.choice(TARGETS)
        if running.kill(target):
            kills[target] += 1
            budget -= 1
        if target != "child":
            lines += running.close()
            running = Running(words, places)


def test_steps_taken_twice_are_counted():
    lines = [
        "12:00:00 train small fold 0 | epoch 1 of 9: loss 1",
        "12:00:00 train small fold 0 | epoch 2 of 9: loss 1",
        "12:00:00 train small fold 1 | epoch 1 of 9: loss 1",
        "12:00:00 train small fold 0 | resumes at stage 1, step 1",
        "12:00:00 train small fold 1 | resumes at stage 1, step 1",
        "12:00:00 train small fold 0 | epoch 2 of 9: loss 1",
    ]
    assert redone(lines) == [1, 0]
    restarted = "12:00:00 train small fold 0 | epoch 1 of 9: loss 1"
    assert redone([*lines, restarted]) == [1, 0, 2]


def test_every_kill_leaves_no_process_behind(tmp_path: Path, prefect_server):
    places = environment(tmp_path)
    running = Running(command(draw(tmp_path / "data"), **SETTINGS), places)
    while not any("epoch 1 of" in line for line in running.lines):
        assert not running.ended(0.2), running.lines
    below = Process(running.process.pid).children(recursive=True)
    _kill(Process(running.process.pid))
    gone, alive = wait_procs(below, timeout=20)
    running.close()
    assert gone
    assert not alive
