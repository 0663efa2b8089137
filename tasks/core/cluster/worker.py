"""What a worker of a Dask or Ray cluster does with an order: the same child, in a slot of its own machine."""

import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.core.cache.store import Store
from tasks.core.cluster import compatibility
from tasks.core.cluster.lease import Taken
from tasks.core.execution import child_process
from tasks.core.execution.messages import to_line
from tasks.core.execution.run_control import acquire_or_cancel
from tasks.core.execution.slots import slot

POLL_SECONDS = 0.5
"""Time between two looks at the lease, and between two writings of what the child says."""


class Unwanted(Exception):
    """Nobody waits for the child any more."""


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Start the ordered child and wait for its end.

    Returns:
        one of `ended` (exit code, whether it took too long), with the sizes of the files it has written;
        `refused`, with the reason; `taken`, when another worker had begun; `unseen`, when the order's folder
        is not here; `unwanted`, when the lease ended.
    """
    where = socket.gethostname()
    if reason := compatibility.refusal(order, where):
        return {"refused": reason}
    taken = Taken(Path(order["folder"]), lease_seconds=order["lease_seconds"])
    if not taken.is_seen():
        return {"unseen": where}
    if not taken.begin():
        return {"taken": where}
    try:
        return {"ended": tuple(_attended(order, taken, where)), "written": taken.written()}
    except Unwanted:
        shutil.rmtree(taken.folder, ignore_errors=True)  # whoever would have done it may be gone
        return {"unwanted": where}
    finally:
        taken.end()


def _attended(order: dict[str, Any], taken: Taken, where: str) -> child_process.Exit:
    with _Attendance(taken) as attendance:
        # two children never share checkpoints: a worker that was cut off may still have one
        alone = acquire_or_cancel(Store(Path(order["store"])).lock(order["lock"]), attendance.check)
        with alone, slot(attendance.check) as confined:
            attendance.hear(to_line(f"works on {where}"))
            ended = child_process.attend(
                order["function"],
                order["job"],
                on_line=attendance.hear,
                environment={**compatibility.in_place_of_ours(order["environment"]), **confined},
                timeout_seconds=order["timeout_seconds"],
                on_start=attendance.started,
            )
        attendance.check()
    return ended


class _Attendance:
    """Writes down what a child says, and ends it when it is not wanted any more."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._lines: list[str] = []
        self._guard = threading.Lock()
        self._over, self._unwanted = threading.Event(), threading.Event()
        self._kill: Callable[[], None] = lambda: None
        self._watch = threading.Thread(target=self._keep_watch, daemon=True)

    def __enter__(self) -> "_Attendance":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def hear(self, line: str) -> None:
        with self._guard:
            self._lines.append(line)

    def started(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        if self._unwanted.is_set():
            kill()

    def check(self) -> None:
        """Raises Unwanted once the lease has ended."""
        if self._unwanted.is_set():
            raise Unwanted

    def _keep_watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self._write()
            if not self._unwanted.is_set() and not self._taken.is_wanted():
                self._unwanted.set()
                self._kill()
        self._write()

    def _write(self) -> None:
        with self._guard:
            lines, self._lines = self._lines, []
        try:
            if lines:
                self._taken.say(lines)
        except FileNotFoundError:
            pass  # the flow's process has cleared the order away
        except OSError:  # a full or absent disk; later, perhaps
            with self._guard:
                self._lines = lines + self._lines
