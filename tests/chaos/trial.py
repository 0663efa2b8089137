"""One trial: a copy of a reference's store, a fault at a drawn moment, and the command until it ends."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from tasks.core.cache.store import Store
from tests.chaos.command import LONGEST_SECONDS, MARK, Command, kill_all, marked
from tests.chaos.subjects import Subject, copy_tree, forget_steps

MOST_ATTEMPTS = 5
"""Times that the command is given."""
POLL_SECONDS = 0.02
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

    def prepare(self) -> None:
        """Copy the reference's store, without what a few steps have computed."""
        for name in ("tmp", "slots", "conf", "submissions"):
            (self.folder / name).mkdir(parents=True)
        copy_tree(self.reference / "store", self.folder / "store")
        copy_tree(self.reference / "before", self.folder / "submissions")
        for lock in (self.folder / "store/locks").glob("*"):
            lock.unlink()  # so that the moment when one is taken is seen
        self.note(f"steps to do: {', '.join(forget_steps(self.store, self.random))}")

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
        code = command.end(seconds)
        self.codes.append(code)
        return code

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
        name = self.random.choice(among or ("time", *WATCHED, "child", "child"))
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
