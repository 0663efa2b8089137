"""Carry out an order on a worker of a Dask or Ray cluster: run the child in a slot of this machine."""

import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.core.backends import DEFAULT, VARIABLE
from tasks.core.cache.store import Store
from tasks.core.cluster import compatibility
from tasks.core.cluster.lease import TakenOrder, sizes
from tasks.core.execution import child_process, compilation_cache
from tasks.core.execution.cancellation import acquire_or_cancel
from tasks.core.execution.child_messages import to_line
from tasks.core.execution.slots import slot

POLL_SECONDS = 0.5
"""Time between two checks of the lease, and between two writes of the child's output."""


class LeaseEnded(Exception):
    """The flow's process does not wait for the child any more."""


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Run the child that the order names, and wait until it ends.

    Returns:
        one of `ended` (exit code, whether it timed out), with the sizes of the files it has `written`;
        `refused`, with the reason; `taken`, when another worker had begun; `unseen`, when the order's folder
        is not visible here; `lease_ended`, when it did.
    """
    where = socket.gethostname()
    if reason := compatibility.refusal(order, where):
        return {"refused": reason}
    taken = TakenOrder(Path(order["folder"]), lease_seconds=order["lease_seconds"])
    if not taken.is_visible():
        return {"unseen": where}
    if not taken.begin():
        return {"taken": where}
    try:
        return {"ended": tuple(_run_child(order, taken, where)), "written": sizes(taken.folder / "output")}
    except LeaseEnded:
        shutil.rmtree(taken.folder, ignore_errors=True)  # the flow's process, which else does it, may be gone
        return {"lease_ended": where}
    finally:
        taken.end()


def _run_child(order: dict[str, Any], taken: TakenOrder, where: str) -> child_process.Exit:
    with _Monitor(taken) as monitor:
        # two children must not share checkpoints: a disconnected worker may still run one
        only_child = acquire_or_cancel(
            Store(Path(order["store"])).lock(order["lock"]), monitor.check, label=order["lock"]
        )
        with only_child, slot(monitor.check, need=order["need"]) as environment:
            monitor.add_line(to_line(f"works on {where}"))
            exit = child_process.attend(
                order["function"],
                order["job"],
                on_line=monitor.add_line,
                environment={
                    **compilation_cache.environment(
                        Path(order["store"]), order["environment"].get(VARIABLE, DEFAULT)
                    ),
                    **compatibility.replacing_ours(order["environment"]),
                    **environment,
                },
                timeout_seconds=order["timeout_seconds"],
                on_start=monitor.on_start,
            )
        monitor.check()
    return exit


class _Monitor:
    """Writes a child's output to the order's folder, and kills the child when the lease ends."""

    def __init__(self, taken: TakenOrder) -> None:
        self._taken = taken
        self._lines: list[str] = []
        self._guard = threading.Lock()
        self._finished, self._lease_ended = threading.Event(), threading.Event()
        self._kill: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Monitor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._finished.set()
        self._thread.join()

    def add_line(self, line: str) -> None:
        with self._guard:
            self._lines.append(line)

    def on_start(self, kill: Callable[[], None]) -> None:
        self._kill = kill
        if self._lease_ended.is_set():
            kill()

    def check(self) -> None:
        """Raise LeaseEnded once the lease has ended."""
        if self._lease_ended.is_set():
            raise LeaseEnded

    def _run(self) -> None:
        while not self._finished.wait(POLL_SECONDS):
            self._write()
            if not self._lease_ended.is_set() and not self._taken.has_lease():
                self._lease_ended.set()
                self._kill()
        self._write()

    def _write(self) -> None:
        with self._guard:
            lines, self._lines = self._lines, []
        try:
            if lines:
                self._taken.write_lines(lines)
        except FileNotFoundError:
            pass  # the flow's process has deleted the order
        except OSError:  # a full or absent disk; tried again later
            with self._guard:
                self._lines = lines + self._lines
