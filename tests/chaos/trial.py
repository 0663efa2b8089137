"""One trial: a copy of a reference's store, a fault at a drawn moment, and the command until it ends."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from tasks.core.cache.store import Store
from tests.chaos.command import LONGEST_SECONDS, MARK, Command, kill_all, marked
from tests.chaos.subjects import IN_CHILD, Subject, copy_tree, forget_steps, write_schedule

MOST_ATTEMPTS = 5
"""Times that the command is given."""
POLL_SECONDS = 0.02
UNFINISHED = 130
"""Counts as the exit code of a service that was ended before its work was done."""
SERVED_SECONDS = 3.0
"""In which a scheduled run that has written its report ends."""
WATCHED: Mapping[str, str] = {
    "checkpoint": "store/partial/*/*.npz",
    "checkpoint begins": "store/partial/*/.*",
    "artifact begins": "store/temporary/*",
    "artifact": "store/artifacts/*.json",
    "record": "store/steps/*.json",
    "lock": "store/locks/*",
    "slot": "slots/*.holder.json",
    "journal": "store/runs/*.jsonl",
    "submission begins": "submissions/*/.*",
    "submission": "submissions/*/*",
    "server knows": "../prefect/running/*.json",
}
"""Moments at which something new appears, as patterns below the trial's folder."""


OF_CHILDREN = ("checkpoint", "checkpoint begins", "slot")
"""Moments that come only if a child process works."""


class Missed(Exception):
    """The command ended before the fault, or there was nothing to do it to."""


class Trial:
    """The folder, the environment and the commands of one fault."""

    def __init__(self, folder: Path, subject: Subject, reference: Path, generator: random.Random) -> None:
        self.folder, self.subject, self.random = folder, subject, generator
        self.mark = f"{os.getpid()}-{folder.name}-{time.time_ns()}"
        self.reference = reference
        self.words = subject.words(reference)
        self.variables: dict[str, str] = {}
        """Set by the fault, for commands until it is over."""
        self.has_children = True
        """Whether steps are to be done that child processes compute."""
        self._served = 0
        """Runs of a schedule that had ended before."""
        self.commands: list[Command] = []
        self.codes: list[int | None] = []
        self.attempts_alike = True
        """Whether each command follows the one before, so that epochs done twice can be counted."""
        self.lost_checkpoints = 0
        """Checkpoints that the fault itself has destroyed."""
        self.open_before: set[str] = set()
        """Runs and steps of earlier trials whose end the Prefect server does not know."""
        self.damaged: set[str] = set()
        """Names of artifacts that the fault has destroyed."""
        self.notes: list[str] = []
        self.failures: list[str] = []
        """What the fault itself has found wrong."""
        self.cleanups = ExitStack()

    def prepare(self, *, in_child: bool = False) -> None:
        """Copy the reference's store, without what a few steps have computed, with `in_child` a training."""
        for name in ("tmp", "slots", "conf", "submissions"):
            (self.folder / name).mkdir(parents=True)
        copy_tree(self.reference / "store", self.folder / "store")
        copy_tree(self.reference / "before", self.folder / "submissions")
        self._served = self._scheduled_runs()
        for lock in (self.folder / "store/locks").glob("*"):
            lock.unlink()  # so that the moment when one is taken is seen
        if self.subject.serves:
            write_schedule(self.folder / "conf", self.reference)
        labels = forget_steps(self.store, self.random, in_child=in_child)
        self.has_children = any(mark in label for label in labels for mark in IN_CHILD)
        self.note(f"steps to do: {', '.join(labels)}")

    @property
    def store(self) -> Store:
        return Store(self.folder / "store")

    def environment(self) -> dict[str, str]:
        """Of the commands: places below the folder, two slots, and the campaign's Prefect server."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PODIUM_", "PREFECT_"))
        }
        places = {
            "PODIUM_STORE": self.folder / "store",
            "PODIUM_SUBMISSIONS": self.folder / "submissions",
            "PODIUM_SLOT_FOLDER": self.folder / "slots",
            "PODIUM_CONF": self.folder / "conf",
            "TMPDIR": self.folder / "tmp",
            "PREFECT_HOME": self.folder.parent / "prefect",
        }
        named = {name: str(path) for name, path in places.items()}
        return {**kept, **named, "PODIUM_SLOTS": "2", "COLUMNS": "200", MARK: self.mark, **self.variables}

    def note(self, text: str) -> None:
        """Add to what the record of the outcome says."""
        self.notes.append(text)

    # Commands

    def start(self, *more: str) -> Command:
        """Give the command, with further words."""
        return self.start_other([*self.words, *more])

    def start_other(self, words: list[str]) -> Command:
        command = Command(words, self.environment(), self.folder / f"log-{len(self.commands)}.txt")
        self.commands.append(command)
        return command

    def finish(self, command: Command, seconds: float = LONGEST_SECONDS) -> int | None:
        """Wait for a command's end; its exit code, None if it hung."""
        is_done = not self.subject.serves or self._has_served(command, seconds)
        code = command.end(seconds)
        self.codes.append(code if is_done or code != 0 else UNFINISHED)
        return self.codes[-1]

    def _has_served(self, command: Command, seconds: float) -> bool:
        """Wait for the end of a scheduled run, and end the service; whether there was one."""
        deadline = time.monotonic() + seconds
        while command.runs() and time.monotonic() < deadline:
            if self._scheduled_runs() > self._served:
                self._served += 1
                time.sleep(SERVED_SECONDS)
                command.send(signal.SIGTERM)
                return True
            time.sleep(0.5)
        return False

    def _scheduled_runs(self) -> int:
        """How many runs have written their report since the beginning."""
        journals = (self.folder / "store/runs").glob("*.jsonl")
        return sum(b'"step": "report"' in path.read_bytes() for path in journals)

    def until_done(self) -> int | None:
        """Give the command again until it ends without an error; the last exit code."""
        while (not self.codes or self.codes[-1] != 0) and len(self.codes) < MOST_ATTEMPTS:
            self.finish(self.start())
        return self.codes[-1]

    # Moments

    def moment(self, command: Command, *, among: tuple[str, ...] = (), seconds: float = 20.0) -> str:
        """Wait for a moment that is drawn: a time, or when something new appears; returns what it was.

        Raises:
            Missed: the command has ended before.
        """
        usual = ("time", *(name for name in WATCHED if self.has_children or name not in OF_CHILDREN))
        name = self.random.choice(among or (*usual, *("child", "child") * self.has_children))
        reached = self._condition(name, command, seconds)
        delay = self.random.choice((0.0, self.random.uniform(0, 0.05), self.random.uniform(0, 1.5)))
        while not reached():
            if not command.runs():
                raise Missed(f"the command ended before the moment “{name}”")
            if command.seconds > LONGEST_SECONDS:
                raise Missed(f"the moment “{name}” did not come")
            time.sleep(POLL_SECONDS)
        time.sleep(delay)
        if not command.runs():
            raise Missed(f"the command ended within {delay:.2f} s of the moment “{name}”")
        self.note(f"at “{name}” + {delay:.2f} s")
        return name

    def _condition(self, name: str, command: Command, seconds: float) -> Callable[[], bool]:
        if name == "time":
            at = self.random.uniform(0.1, seconds)
            return lambda: command.seconds > at
        if name == "child":
            return lambda: bool(command.children())
        pattern = WATCHED[name]
        before = set(self._entries(pattern))
        return lambda: any(each not in before for each in self._entries(pattern))

    def _entries(self, pattern: str) -> Iterator[str]:
        base = self.folder
        while pattern.startswith("../"):
            base, pattern = base.parent, pattern[3:]
        try:
            yield from (str(path) for path in base.glob(pattern))
        except OSError:
            return

    # End

    def close(self) -> None:
        """Undo what the fault has done to the machine, and end what is left."""
        self.cleanups.close()
        kill_all(marked(self.mark))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
