"""Marks of the runs that processes of this machine are at: none stays Running when its process is gone.

A run has a file in Prefect's home that its process locks; the kernel frees the lock when the process ends for
any reason. Until the run's id is known, the file has the name of the flow version that only this run has.
Whoever meets a mark that nobody locks tells the server how the run ended: Cancelled if it was stopped,
Completed if only the server was lost, else Crashed, and the same of its steps. Commands do so when they have
found their server.
"""

import fcntl
import json
import os
import socket
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.error import HTTPError

from flows.runtime.prefect_api import request
from tasks.core import locations
from tasks.core.files.stored_files import FileKind, Loose

FOLDER = "running"
STARTING = "+"
"""In the name of a mark that is a flow version, after the version of the flow itself."""
KEPT_SECONDS = 30 * 24 * 3600.0
"""A mark that the server does not know is deleted after this long: another server may know it."""
OPEN_STATES = ("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING")
"""Types of states from which a run goes on."""
LATE_SECONDS = 60.0
"""For so long a server may record what it was told before, such as steps that began just then."""
PAGE_SIZE = 200
STOPPED = "The run was stopped; the same command continues it."
NOT_BEGUN = "It was not begun, because a step before it has failed."
MESSAGES = {
    "CANCELLED": STOPPED,
    "COMPLETED": "The run is complete; its process could not tell the server so.",
    "CRASHED": "Its process has died; the same command continues it.",
    "FAILED": "The run has failed; its process could not tell the server so.",
}
"""What a run is told to be that has ended in a state of this type, or was about to."""


class _MarkContent(Loose):
    host: str
    end: Literal["CANCELLED", "COMPLETED", "CRASHED", "FAILED"]


_KIND = FileKind(_MarkContent, most_bytes=10_000)


class RunMark:
    """The mark of a run of this process."""

    def __init__(self, run: str) -> None:
        """Mark that this process is at the run with this id, or that starts with this flow version."""
        folder = locations.prefect_home() / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{run}.json"
        self._descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.note_end("CRASHED")

    def note_end(self, end: str) -> None:
        """Note how the run ends (of `MESSAGES`), in case its process ends before the server knows it."""
        content = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "end": end}).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, content, 0)

    def close(self) -> None:
        """Delete the mark of a run that has ended."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def mark_run(run: str) -> RunMark | None:
    """A mark of this run; None where none can be written, or where another process is at the run."""
    try:
        return RunMark(run)
    except OSError:
        return None


def new_version(version: str | None) -> str:
    """A flow version that one run alone has: a process may die after it has asked the server for the run, and
    before it knows the run's id."""
    return f"{version or ''}{STARTING}{uuid.uuid4().hex[:16]}"


def settle(url: str) -> int:
    """Tell the server at this address how the runs ended whose processes are gone; returns of how many.

    A mark stays until nothing was left to tell `LATE_SECONDS` after the last time that something was.
    Runs that it does not know stay as they are, as do those of other machines. An error of the server is
    none of the command's: the next one tries again.
    """
    settled = 0
    for path in sorted((locations.prefect_home() / FOLDER).glob("*.json")):
        with suppress(OSError, ValueError):
            settled += _settle(url, path)
    return settled


def end_run(url: str, run: str, *, end: str) -> int:
    """Give the run, and each of its steps, a state of this type (of `MESSAGES`) unless it has a final one.

    Of a run that has failed, steps that did not begin, which Prefect calls *NotReady*, are cancelled. Returns
    how many got a state.

    Raises:
        OSError: the server does not answer, or knows no such run (HTTPError with code 404).
        ValueError: it answers with something else than JSON.
    """
    found = request(f"{url}/flow_runs/{run}")["state"] or {}
    open_runs = 0
    if found.get("type") in OPEN_STATES or not found:
        _set_state(f"{url}/flow_runs/{run}", end, MESSAGES[end])
        open_runs = 1
    elif found["type"] in ("CANCELLED", "COMPLETED", "CRASHED"):
        end = found["type"]  # steps of a run that is complete are complete, though the server missed it
    steps = _open_steps(url, run)
    of_step, message = ("CANCELLED", NOT_BEGUN) if end == "FAILED" else (end, MESSAGES[end])
    for step in steps:
        _set_state(f"{url}/task_runs/{step['id']}", of_step, message)
    return open_runs + len(steps)


def _settle(url: str, path: Path) -> int:
    """Settle the run of this mark, if its process is gone; 1 if so."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        mark = _KIND.read_or_none(path, then="the run that it is of stays as it is") or {}
        if mark.get("host", socket.gethostname()) != socket.gethostname():
            return 0
        kept_seconds = LATE_SECONDS
        try:
            if any([end_run(url, run, end=mark.get("end", "CRASHED")) for run in _runs_of(url, path.stem)]):
                os.utime(descriptor)
                return 1
        except HTTPError as error:
            error.close()
            if error.code not in (404, 422):
                return 0
            kept_seconds = KEPT_SECONDS
        if time.time() - path.stat().st_mtime > kept_seconds:
            path.unlink(missing_ok=True)
        return 0
    finally:
        os.close(descriptor)


def _runs_of(url: str, mark: str) -> list[str]:
    """The ids of the runs that a mark of this name is of: one, or those of its flow version."""
    if STARTING not in mark:
        return [mark]
    query = {"flow_runs": {"flow_version": {"any_": [mark]}}}
    return [str(run["id"]) for run in request(f"{url}/flow_runs/filter", query)]


def _open_steps(url: str, run: str) -> list[dict[str, Any]]:
    """The steps of a run that have no final state."""
    query = {
        "flow_runs": {"id": {"any_": [run]}},
        "task_runs": {"state": {"type": {"any_": list(OPEN_STATES)}}},
        "limit": PAGE_SIZE,
    }
    found: list[dict[str, Any]] = []
    while page := request(f"{url}/task_runs/filter", {**query, "offset": len(found)}):
        found += page
    return found


def _set_state(address: str, end: str, message: str) -> None:
    state = {"type": end, "name": end.capitalize(), "message": message}
    request(f"{address}/set_state", {"state": state, "force": True})
