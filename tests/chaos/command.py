"""A command of a trial in a process of its own, and all processes that came of it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from psutil import Error, Process

ROOT = Path(__file__).parents[2]
MARK = "PODIUM_CHAOS"
"""Variable by whose value the processes of one trial are known, whatever their session or parent."""
LONGEST_SECONDS = 1200.0
"""After which a command hangs."""
SERVER = re.compile(r"prefect server start|prefect\.server")


class Command:
    """A command that runs, whose two streams go into one file."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self.began = time.monotonic()
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows", *words],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self.began

    def runs(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text("utf-8", "replace")

    def below(self) -> list[Process]:
        """All live processes below it but Prefect's server."""
        try:
            found = Process(self.pid).children(recursive=True)
        except Error:
            return []
        return [each for each in found if not SERVER.search(words_of(each))]

    def children(self, entry: str = "") -> list[Process]:
        """Its child processes of steps, those of an entry such as `tasks.train:child`."""
        wanted = f"child_process {entry}"
        return [each for each in self.below() if wanted in words_of(each)]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, seconds: float = LONGEST_SECONDS) -> int | None:
        """Its exit code; None if it has not ended after this time, and was killed."""
        try:
            return self.process.wait(max(seconds, 0.1))
        except subprocess.TimeoutExpired:
            kill_all([Process(self.pid), *self.below()])
            self.process.wait()
            return None


def words_of(process: Process) -> str:
    """Its command line; empty if it has ended."""
    try:
        return " ".join(process.cmdline())
    except Error:
        return ""


def kill_all(processes: Sequence[Process]) -> None:
    """Kill -9, the first one first."""
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGKILL)


def marked(mark: str) -> list[Process]:
    """All live processes of a trial but Prefect's server, by their environment."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, Error, ValueError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                process = Process(int(folder.name))
                if process.status() != "zombie" and not SERVER.search(words_of(process)):
                    found.append(process)
    return found
