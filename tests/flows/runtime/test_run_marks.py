"""Runs whose processes are gone: the server is told, once, and of those alone."""

import io
import json
import os
import signal
import time
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from flows.runtime import run_marks
from flows.runtime.run_marks import (
    FOLDER,
    KEPT_SECONDS,
    LATE_SECONDS,
    RunMark,
    mark_run,
    new_version,
    settle,
)
from tests.core.processes import python

URL = "http://127.0.0.1:4200/api"


class Server:
    """As much of Prefect's API as is asked here: runs with their states, and a step at work in each."""

    def __init__(self, **states: str) -> None:
        self.states: dict[str, Any] = dict(states)
        self.steps = {f"{run}-train": "RUNNING" for run in states}
        self.versions: dict[str, str] = {}

    def request(self, url: str, body: Any = None) -> Any:
        _, kind, name, *action = url.removeprefix(URL).split("/")
        if name == "filter" and kind == "flow_runs":
            versions = body["flow_runs"]["flow_version"]["any_"]
            return [{"id": run} for run, version in self.versions.items() if version in versions]
        if name == "filter":
            run = body["flow_runs"]["id"]["any_"][0]
            types = body["task_runs"]["state"]["type"]["any_"]
            found = [step for step, state in self.steps.items() if step.startswith(run) and state in types]
            return [{"id": step} for step in found][body["offset"] :]
        known = self.states if kind == "flow_runs" else self.steps
        if name not in known:
            raise HTTPError(url, 404, "not found", Message(), io.BytesIO())
        if action:
            known[name] = body["state"]["type"]
            self.message = body["state"]["message"]
        return {"state": {"type": known[name]}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server(one="RUNNING", two="RUNNING")
    monkeypatch.setattr(run_marks, "request", server.request)
    return server


def left(home: Path, run: str, *, end: str = "") -> Path:
    """The mark of a run whose process has ended without closing it."""
    mark = RunMark(run)
    if end:
        mark.note_end(end)
    os.close(mark._descriptor)
    return home / FOLDER / f"{run}.json"


def test_a_run_that_goes_on_or_has_ended_is_left_alone(home: Path, server: Server) -> None:
    mark, ended = mark_run("one"), mark_run("two")
    assert mark
    assert ended
    ended.close()
    assert mark_run("one") is None  # another attempt of a run that has one already
    assert settle(URL) == 0
    assert server.states == {"one": "RUNNING", "two": "RUNNING"}
    mark.close()
    assert list((home / FOLDER).iterdir()) == []


@pytest.mark.parametrize(
    ("end", "state"), [("CANCELLED", "CANCELLED"), ("COMPLETED", "COMPLETED"), ("", "CRASHED")]
)
def test_a_run_that_died_is_settled_with_its_steps(home: Path, server: Server, end: str, state: str) -> None:
    left(home, "one", end=end)
    assert settle(URL) == 1
    assert (server.states["one"], server.steps["one-train"]) == (state, state)
    assert (server.states["two"], server.steps["two-train"]) == ("RUNNING", "RUNNING")
    assert settle(URL) == 0


def test_steps_that_a_slow_server_records_late_are_settled_too(home: Path, server: Server) -> None:
    mark = left(home, "one", end="CANCELLED")
    settle(URL)
    server.steps["one-predict"] = "PENDING"  # NotReady, as what it waits for was cancelled
    assert settle(URL) == 1
    assert server.steps["one-predict"] == "CANCELLED"
    assert (settle(URL), mark.exists()) == (0, True)
    old = time.time() - LATE_SECONDS - 1
    os.utime(mark, (old, old))
    assert (settle(URL), mark.exists()) == (0, False)


@pytest.mark.parametrize(
    ("ended", "of_steps"), [("COMPLETED", "COMPLETED"), ("CANCELLED", "CANCELLED"), ("FAILED", "CRASHED")]
)
def test_a_final_state_stays_and_its_steps_get_one(
    home: Path, server: Server, ended: str, of_steps: str
) -> None:
    server.states["one"] = ended
    left(home, "one")
    assert settle(URL) == 1
    assert (server.states["one"], server.steps["one-train"]) == (ended, of_steps)


def test_runs_of_other_machines_and_servers_stay(home: Path, server: Server) -> None:
    unknown = left(home, "three")
    other = left(home, "one")
    other.write_text(json.dumps({"host": "elsewhere", "end": "CRASHED"}))
    assert settle(URL) == 0
    assert unknown.exists()
    assert server.states["one"] == "RUNNING"
    old = time.time() - KEPT_SECONDS - 1
    os.utime(unknown, (old, old))
    assert settle(URL) == 0
    assert not unknown.exists()


def test_no_trouble_of_a_server_or_with_a_file_is_the_commands(
    home: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise ConnectionError

    mark = left(home, "one")
    (home / FOLDER / "two.json").symlink_to(mark)
    monkeypatch.setattr(run_marks, "request", refuses)
    assert settle(URL) == 0
    assert mark.exists()
    monkeypatch.setattr(run_marks, "request", server.request)
    mark.write_text("no JSON")
    assert settle(URL) == 1
    assert (server.states["one"], server.states["two"]) == ("CRASHED", "RUNNING")


MARKS = """
import sys
from flows.runtime.run_marks import RunMark
mark = RunMark("one")
print("marked", flush=True)
sys.stdin.read()
"""


def test_the_kernel_tells_of_a_process_that_was_killed(home: Path, server: Server) -> None:
    process = python(MARKS)
    assert process.stdout
    process.stdout.readline()
    assert settle(URL) == 0
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert settle(URL) == 1
    assert server.states["one"] == "CRASHED"
    assert server.message == run_marks.MESSAGES["CRASHED"]


def test_of_a_run_that_has_failed_the_steps_that_did_not_begin_are_cancelled(
    home: Path, server: Server
) -> None:
    server.states["one"] = "FAILED"
    server.steps["one-train"] = "PENDING"  # as of those that Prefect calls NotReady
    left(home, "one", end="FAILED")
    assert settle(URL) == 1
    assert (server.states["one"], server.steps["one-train"]) == ("FAILED", "CANCELLED")
    assert server.message == run_marks.NOT_BEGUN


def test_a_process_that_died_before_it_knew_its_runs_id_is_settled(home: Path, server: Server) -> None:
    versions = [new_version("abc"), new_version("abc")]
    server.versions = dict(zip(server.states, versions, strict=True))
    mark = left(home, versions[0])
    assert settle(URL) == 1
    assert server.states == {"one": "CRASHED", "two": "RUNNING"}
    assert mark.exists()  # as its steps may be recorded later


def test_a_process_that_died_before_it_asked_for_a_run_has_none(home: Path, server: Server) -> None:
    mark = left(home, new_version(None))
    old = time.time() - LATE_SECONDS - 1
    os.utime(mark, (old, old))
    assert settle(URL) == 0
    assert server.states == {"one": "RUNNING", "two": "RUNNING"}
    assert not mark.exists()
