"""Slots of the machine: one for each graphics card, and a fixed number on the processor's cores.

A child process that computes with a network needs a card, if the machine has any, and others need a core, so
that work on cores goes on beside a training on a card. A slot is a locked file that all runs of a user on
this machine share. The kernel frees it when the process that holds it dies for any reason. `$PODIUM_SLOTS`
sets the number of cores, `$PODIUM_SLOT_FOLDER` the folder, by default a private one among temporary files.

Processes are served in the order in which they came, whichever run they belong to: each that waits keeps a
ticket, a file named by the time of its arrival that lists the slots it may use. It touches the file at each
check; a ticket that was not touched for a while is that of a dead or stopped process and is ignored.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from tasks.core.cache.store import write_json
from tasks.core.context import at_work
from tasks.core.errors import UserError
from tasks.core.execution import cancellation, stopping
from tasks.core.execution.waiting import holder, holder_text, holders_text, waiting
from tasks.core.files.locks import file_lock
from tasks.core.files.stored_files import Damaged, file_bytes
from tasks.core.locations import expand_setting
from tasks.core.private_folder import private_folder

POLL_SECONDS = 0.1
STALE_SECONDS = 3.0
"""A ticket that was not touched for this long is ignored."""
DELETE_SECONDS = 3600.0
"""A ticket that was not touched for this long is deleted by the next process that sees it."""
FOLDER, WAITING = "PODIUM_SLOT_FOLDER", "waiting"
MOST_SLOTS = 1024
_TICKET = re.compile(r"\d{20}-\d+-\d+")
MOST_TICKET_BYTES = 100_000
Need = Literal["card", "core"]
"""What a child process works on; a machine without graphics cards gives a core in place of a card."""
_held: set[str] = set()
"""Names of the slots that this process holds."""
_queues: dict[tuple[str, ...], list[tuple[int, int]]] = {}
"""Waiting threads of this process, by the slots that they may use: each with position and arrival. Steps of a
recipe go before those of the next."""
_arrivals = count()
_ticket_numbers = count()


@contextmanager
def slot(
    while_waiting: Callable[[], None] = lambda: None, *, need: Need = "card"
) -> Iterator[dict[str, str]]:
    """Hold a slot within this block; yields the environment variables that confine a child process to it.

    Args:
        need: what the child process works on.
        while_waiting: called at each check while no slot is free; an exception that it raises ends the wait.

    Raises:
        LeftOut: the run has cancelled the step that waits.
        Stopped: this process is ending.
    """
    folder = _folder()
    locks = {name: file_lock(folder / f"{name}.lock") for name in slot_names(need)}
    name = _first_free(locks, Ticket(folder / WAITING, list(locks)), while_waiting)
    _held.add(name)
    _write_holder(folder, name)
    try:
        yield _environment(name)
    finally:
        _held.discard(name)
        with suppress(OSError):
            _holder_file(folder, name).unlink()
        locks[name].release()


def _first_free(locks: Mapping[str, FileLock], ticket: "Ticket", while_waiting: Callable[[], None]) -> str:
    """Wait for a slot and lock it; returns its name."""
    step = at_work.get(None)
    position = (cancellation.queue_position(step.label) if step else 0, next(_arrivals))
    queue = _queues.setdefault(tuple(locks), [])
    queue.append(position)

    def text(since: str) -> str:  # that steps of one process wait for each other need not be said
        return "" if _held & locks.keys() else _waiting_text(locks, since)

    try:
        with waiting(_kind_of(locks), text) as wait:
            while True:
                stopping.raise_if_stopping()
                if step is not None:
                    cancellation.raise_if_cancelled(step.label)
                if min(queue) != position:
                    ticket.withdraw()
                elif name := _try_lock({name: locks[name] for name in ticket.available()}):
                    return name
                wait.check()
                while_waiting()
                time.sleep(POLL_SECONDS)
    finally:
        queue.remove(position)
        ticket.withdraw()


def _try_lock(locks: Mapping[str, FileLock]) -> str | None:
    for name, lock in locks.items():
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return name
    return None


def _holder_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.holder.json"


def _write_holder(folder: Path, name: str) -> None:
    """Note which process holds a slot for which step, for the message to those that wait."""
    held = holder()
    with suppress(OSError):  # a full disk must not fail the step for the sake of a message
        write_json(_holder_file(folder, name), {**held, "step": held["step"] or name}, sweeping=False)


def _kind_of(slots: Iterable[str]) -> str:
    return "a graphics card" if next(iter(slots)).startswith("gpu") else "a core"


def _waiting_text(slots: Iterable[str], since: str = "") -> str:
    """What a process waits for, and who holds it since when."""
    names = list(slots)
    holders = holders_text(holder_text(_holder_file(_folder(), name), name) for name in names)
    return f"waits{since} for {_kind_of(names)}: {len(names)} of {len(names)} are held by {holders}"


class Ticket:
    """A place in the queue of processes; it counts from the first call of `available` on."""

    def __init__(self, folder: Path, slots: Sequence[str]) -> None:
        """Arrive now, to wait for one of these slots; `folder` holds the tickets of all processes."""
        self._slots = slots
        self._path = folder / f"{time.time_ns():020d}-{os.getpid()}-{next(_ticket_numbers)}"

    def available(self) -> list[str]:
        """The slots for which no process waits that came earlier."""
        try:
            os.utime(self._path)
        except FileNotFoundError:
            with suppress(OSError):  # on a full disk the process waits without a place in the queue
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(" ".join(self._slots))
        requested = {name for path in self._earlier() for name in _read(path)}
        return [name for name in self._slots if name not in requested]

    def withdraw(self) -> None:
        """Delete the ticket: the wait is over, or another thread of this process goes first."""
        self._path.unlink(missing_ok=True)

    def _earlier(self) -> list[Path]:
        """Tickets of other processes that came earlier and still wait."""
        now, ours = time.time(), f"-{os.getpid()}-"
        earlier = []
        for path in self._path.parent.iterdir():
            if not _TICKET.fullmatch(path.name):
                continue
            with suppress(OSError):  # deleted meanwhile
                age = now - path.lstat().st_mtime
                if age > DELETE_SECONDS or (age > STALE_SECONDS and not _is_running(path.name)):
                    path.unlink()
                elif age < STALE_SECONDS and path.name < self._path.name and ours not in path.name:
                    earlier.append(path)
        return earlier


def _is_running(ticket: str) -> bool:
    """Whether there is a process with the number in the ticket's name; if there is, its ticket comes back."""
    try:
        os.kill(int(ticket.split("-")[1]), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _read(path: Path) -> list[str]:
    try:
        return file_bytes(path, MOST_TICKET_BYTES).decode("ascii", "replace").split()
    except (FileNotFoundError, Damaged):
        return []


def slot_names(need: Need = "card") -> list[str]:
    """Slots that serve the need: `gpu-0`… where there are graphics cards, else `cpu-0`…

    There are `$PODIUM_SLOTS` of the latter; by default one for each core that this process may use, but for
    those that feed the cards.

    Raises:
        UserError: `$PODIUM_SLOTS` is no number of slots.
    """
    cards = graphics_cards()
    if cards and need == "card":
        return [f"gpu-{card}" for card in cards]
    number = _chosen_number() or max(1, len(os.sched_getaffinity(0)) - len(cards))
    return [f"cpu-{index}" for index in range(number)]


def _chosen_number() -> int | None:
    chosen = os.environ.get("PODIUM_SLOTS", "").strip()
    if not chosen:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", chosen) or not 1 <= int(chosen) <= MOST_SLOTS:
        expected = f"a whole number from 1 to {MOST_SLOTS:,}"
        raise UserError(f"PODIUM_SLOTS: expected {expected}, received {chosen[:40]!r}")
    return int(chosen)


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
    if kind != "gpu":
        return {"CUDA_VISIBLE_DEVICES": "-1"}
    return {"CUDA_VISIBLE_DEVICES": index, "PODIUM_CARDS": str(len(graphics_cards()))}


def check_folder() -> None:
    """Delete what killed processes have left in the folder for slots.

    Raises:
        UserError: there is none, and none can be made.
    """
    folder = _folder()
    for path in folder.glob("*.holder.json"):
        with suppress(OSError):
            _forget_holder(path, file_lock(folder / f"{path.name.removesuffix('.holder.json')}.lock"))
    for path in (folder / WAITING).iterdir():
        with suppress(OSError):
            # a fresh one may be of a process in another container, whose number says nothing here
            is_fresh = abs(time.time() - path.lstat().st_mtime) < STALE_SECONDS
            if _TICKET.fullmatch(path.name) and not is_fresh and not _is_running(path.name):
                path.unlink()


def _forget_holder(path: Path, lock: FileLock) -> None:
    """Delete the note of who holds a slot, if nobody does."""
    with suppress(Timeout), lock.acquire(timeout=0):
        path.unlink(missing_ok=True)


def _folder() -> Path:
    """Where the locks lie.

    Raises:
        UserError: it cannot be made, or tickets would be read and deleted through a link.
    """
    chosen = os.environ.get(FOLDER)
    folder = expand_setting(FOLDER, chosen) if chosen else private_folder("podium-slots", variable=FOLDER)
    try:
        (folder / WAITING).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        received = f"{folder} ({error.strerror})"
        raise UserError(f"{FOLDER}: expected a folder that can be made, received {received}") from None
    if (folder / WAITING).is_symlink():
        raise UserError(f"{FOLDER}: expected a folder of tickets, received a link as {folder / WAITING}")
    return folder
