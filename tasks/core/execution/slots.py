"""Slots of the machine: one training to a graphics card, and a fixed number on the processor.

A slot is a locked file that all runs of a user on this machine share. The kernel frees it when its
holder dies, whatever the cause. Who waits is served as he comes, whichever run he belongs to
(`tasks.core.execution.slots`). `$PODIUM_SLOTS` sets the number, `$PODIUM_SLOT_FOLDER` the place.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from tasks.core.context import at_work
from tasks.core.execution import run_control

# FOLDED from tasks/core/turns.py
# The line in which processes of this machine wait for slots: first come, first served.
#
# Each process that waits keeps a ticket, a file named by the time at which it came, that lists the slots it may
# use, and touches it as it looks. A ticket that nobody has touched for a while is that of a process which is
# dead or stopped, and holds nobody up.
STALE_SECONDS = 3.0
"""A ticket not touched for so long counts no more."""
FORGOTTEN_SECONDS = 3600.0
"""After so long whoever sees it removes it."""
_numbers = count()


class Ticket:
    """One wait of this process, which has come now."""

    def __init__(self, folder: Path, slots: Sequence[str]) -> None:
        """Take a place in the line of this folder; it counts from the first call of `free_for_us` on.

        Args:
            slots: names of the slots that would do.
        """
        self._slots = slots
        self._path = folder / f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers)}"

    def free_for_us(self) -> list[str]:
        """Our slots without those that somebody who came before us waits for as well."""
        try:
            os.utime(self._path)
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(" ".join(self._slots))
        wanted = {name for path in self._before() for name in _read(path)}
        return [name for name in self._slots if name not in wanted]

    def hide(self) -> None:
        """Hold nobody up: the wait is over, or another of this process goes first."""
        self._path.unlink(missing_ok=True)

    def _before(self) -> list[Path]:
        """Tickets of other processes that came earlier and still look."""
        now, own = time.time(), str(os.getpid())
        found = []
        for path in self._path.parent.iterdir():
            with suppress(OSError):  # gone meanwhile
                age = now - path.stat().st_mtime
                if age > FORGOTTEN_SECONDS:
                    path.unlink()
                elif age < STALE_SECONDS and path.name < self._path.name and path.name.split("-")[1] != own:
                    found.append(path)
        return found


def _read(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


POLL_SECONDS = 0.1
_line: list[tuple[int, int]] = []
"""Who waits in this process, by place and arrival: a recipe is not overtaken by the next one's trainings."""
_arrivals = count()


@contextmanager
def slot(meanwhile: Callable[[], None] = lambda: None) -> Iterator[dict[str, str]]:
    """Wait for a free slot; yields the environment that confines a child process to it.

    Args:
        meanwhile: is called now and then while none is free; what it raises ends the waiting.

    Raises:
        LeftOut: the run has no time for the step that waits.
    """
    folder = _folder()
    locks = {name: FileLock(folder / f"{name}.lock", thread_local=False) for name in slot_names()}
    held = _first_free(locks, Ticket(folder / "waiting", list(locks)), meanwhile)
    try:
        yield _environment(held)
    finally:
        locks[held].release()


def _first_free(locks: Mapping[str, FileLock], ticket: Ticket, meanwhile: Callable[[], None]) -> str:
    step = at_work.get(None)
    turn = (run_control.queue_position(step.label) if step else 0, next(_arrivals))
    _line.append(turn)
    try:
        while True:
            if step is not None:
                run_control.raise_if_cancelled(step.label)
            if min(_line) != turn:
                ticket.hide()
            elif held := _tried({name: locks[name] for name in ticket.free_for_us()}):
                return held
            meanwhile()
            time.sleep(POLL_SECONDS)
    finally:
        _line.remove(turn)
        ticket.hide()


def _tried(locks: Mapping[str, FileLock]) -> str | None:
    for name, lock in locks.items():
        try:
            lock.acquire(timeout=0)
            return name
        except Timeout:
            continue
    return None


def slot_names() -> list[str]:
    """`gpu-0`… where there are graphics cards, else `cpu-0`… for each core this process may use."""
    cards = graphics_cards()
    if cards:
        return [f"gpu-{card}" for card in cards]
    wanted = os.environ.get("PODIUM_SLOTS")
    number = int(wanted) if wanted else len(os.sched_getaffinity(0))
    return [f"cpu-{index}" for index in range(max(1, number))]


@lru_cache
def graphics_cards() -> tuple[str, ...]:
    """Indices of the NVIDIA cards this process may use, without loading TensorFlow."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(card for card in visible.split(",") if card.strip() not in ("", "-1"))
    try:
        listing = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(listing.stdout.split())


def _environment(name: str) -> dict[str, str]:
    kind, index = name.split("-", 1)
    return {"CUDA_VISIBLE_DEVICES": index if kind == "gpu" else "-1"}


def _folder() -> Path:
    default = Path(tempfile.gettempdir()) / f"podium-slots-{os.getuid()}"
    folder = Path(os.environ.get("PODIUM_SLOT_FOLDER") or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
