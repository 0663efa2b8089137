"""Worker processes that try inputs, each with a time limit; one that hangs is ended and replaced."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tests.mutation.trial import Outcome

SECONDS = 60.0
"""After which an input hangs: a second is the rule, but machines do other work besides."""
START_SECONDS = 300.0
Task = tuple[str, int, int]
"""Kind, number, and seed of an input."""


def outcomes(tasks: Sequence[Task], *, workers: int, seconds: float = SECONDS) -> Iterator[Outcome]:
    """What comes of each input, in the order in which they end."""
    waiting = list(reversed(tasks))
    with tempfile.TemporaryDirectory(prefix="podium-mutation-") as folder:
        running = [_Worker(Path(folder, str(number)), seconds) for number in range(min(workers, len(tasks)))]
        try:
            while waiting or any(each.task for each in running):
                for each in running:
                    if each.task is None and waiting:
                        each.give(waiting.pop())
                yield from _received(running)
        finally:
            for each in running:
                each.end()


def _received(running: Sequence["_Worker"]) -> Iterator[Outcome]:
    by_connection = {each.connection: each for each in running if each.task}
    ready = wait(list(by_connection), timeout=1.0)
    for connection in ready:
        yield by_connection[connection].receive()  # type: ignore[index]
    for each in running:
        if each.task and each.connection not in ready and each.is_late():
            yield each.ended("hang", f"no end after {each.seconds:.0f} s")


class _Worker:
    def __init__(self, folder: Path, seconds: float) -> None:
        self._parent, self.seconds, self.task = folder, seconds, None
        self._starts = 0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._starts += 1
        self.folder = self._parent / str(self._starts)
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self.folder), daemon=True)
        self._process.start()
        theirs.close()
        self._deadline = time.monotonic() + START_SECONDS
        self._is_new = True

    def give(self, task: Task) -> None:
        self.task: Task | None = task
        self.connection.send(task)
        self._deadline = time.monotonic() + self.seconds + (START_SECONDS if self._is_new else 0)

    def is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def receive(self) -> Outcome:
        try:
            found: Outcome = self.connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            return self.ended("traceback", f"the process ended with {self._process.exitcode}")
        self.task, self._is_new = None, False
        return found

    def ended(self, found: Any, text: str) -> Outcome:
        """The outcome of an input that does not end, or that ended the process; another process follows."""
        assert self.task is not None
        (kind, number, _), self.task = self.task, None
        name = _note(self.folder).read_text() if _note(self.folder).exists() else ""
        self.end()
        self._start()
        return Outcome(kind, number, name, found, text, self.seconds, 0)

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


def _note(folder: Path) -> Path:
    return folder / "name.txt"


def _work(connection: Connection, folder: Path) -> None:
    """Try one input after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    for variable in [name for name in os.environ if name.startswith(("PODIUM_", "KERAS_", "PREFECT_"))]:
        del os.environ[variable]
    places = ("PODIUM_STORE", "PODIUM_SUBMISSIONS", "PODIUM_SLOT_FOLDER", "PREFECT_HOME")
    os.environ |= {name: str(folder / "machine" / name.lower()) for name in places}
    os.environ |= {"COLUMNS": "200", "TF_CPP_MIN_LOG_LEVEL": "3"}

    from tests.mutation.inputs import Input, Place
    from tests.mutation.kinds.all_kinds import KINDS
    from tests.mutation.machine import prepare
    from tests.mutation.trial import limit_addresses, tried

    place = Place(folder)
    prepare(place)
    limit_addresses()
    while True:
        try:
            kind, number, seed = connection.recv()
        except EOFError:
            return

        def make(place: Place, random: Any, kind: str = kind) -> Input:
            _note(folder).write_text("while it was made")
            made = KINDS[kind](place, random)
            _note(folder).write_text(made.name)
            return made

        connection.send(tried(kind, number, make, place, seed))
