"""Runs of real flows in processes of their own, which are stopped or killed: what the server shows then."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.runtime import run_marks
from flows.runtime.prefect_api import request
from tests.flows.situations.stopping import STOPS, Stop

ROOT = Path(__file__).resolve().parents[3]

RUN = """
import os, sys, threading, time
from prefect import flow
from flows.console import inform, show_logs, with_exit_codes
from flows.runtime.await_steps import await_steps
from flows.runtime.server_loss import run_flow
from tasks.core.execution.slots import slot
from tasks.core.step import step

going_on = []

def went_on():
    going_on.append(1)
    if len(going_on) == 3:
        print("goes on", flush=True)

@step(label="compute {number}", cached=False)
def compute(number):
    went_on()
    time.sleep(60)

@step(label="wait", cached=False)
def wait():
    went_on()
    with slot():
        raise AssertionError("two hold it")

@step(label="follow", cached=False)
def follow(first):
    raise AssertionError("it began")

@flow(name="stops")
@await_steps
def stops():
    first = compute.submit(0)
    compute.submit(1), wait.submit()
    return follow.submit(first)

show_logs()
url, name = sys.argv[1:]
with slot():
    with_exit_codes(lambda: run_flow(stops, name=name, url=url, inform=inform), resumes=True)()
"""


@contextmanager
def started(url: str, name: str) -> "Iterator[subprocess.Popen[str]]":
    """A run of which three steps go on; one waits for a slot, one for another step; killed at the end."""
    words = [sys.executable, "-c", RUN, url, name]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    places = {**os.environ, "PODIUM_SLOTS": "1", "CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen(words, cwd=ROOT, env=places, text=True, **pipes) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "goes on\n"
            yield process
        finally:
            process.kill()


def run_of(url: str, name: str) -> tuple[str, dict[str, str]]:
    """The state of the run of this name, and those of its steps by name.

    A step's name of a state is the column that the server filters by; it writes the state itself later.
    """
    (run,) = request(f"{url}/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}})
    steps = request(f"{url}/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}})
    return (run["state"] or {}).get("name", ""), {step["name"]: step["state_name"] for step in steps}


def until_recorded(url: str, name: str, count: int) -> None:
    """Wait until the server knows so many steps: it records them in batches."""
    deadline = time.monotonic() + 30
    while len(run_of(url, name)[1]) < count:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def cancel(url: str, name: str) -> None:
    """Cancel the run as Prefect's pages do."""
    (run,) = request(f"{url}/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}})
    request(f"{url}/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})


def settled(url: str, name: str) -> tuple[str, set[str]]:
    """The state of the run and those of its steps, when the commands that follow have told the server all."""
    deadline = time.monotonic() + 20
    while True:
        run_marks.settle(url)
        state, steps = run_of(url, name)
        if set(steps.values()) == {state} or time.monotonic() > deadline:
            return state, set(steps.values())
        time.sleep(0.1)


@pytest.mark.parametrize(
    "stop",
    [pytest.param(each, marks=[pytest.mark.slow] * each.is_slow, id=each.what) for each in STOPS],
)
def test_a_run_that_is_stopped_has_ended_for_the_server_too(prefect_server: str, stop: Stop) -> None:
    name = f"stopped {time.time_ns()}"
    with started(prefect_server, name) as process:
        until_recorded(prefect_server, name, 4)
        if stop.signal:
            process.send_signal(stop.signal)
        else:
            cancel(prefect_server, name)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == stop.code
    said = [line for line in errors.splitlines() if "podium: " in line]
    assert said == list(stop.prints)
    assert not [text for text in ("Crash", "Traceback") if text in errors]
    state, steps = run_of(prefect_server, name)
    at_once = ("Cancelled", False) if stop.is_said else ("Running", True)
    assert (state, "Running" in steps.values()) == at_once
    assert settled(prefect_server, name) == (stop.state, {stop.state})
    assert {step.partition("-")[0].split()[0] for step in steps} == {"compute", "wait", "follow"}


@pytest.mark.slow
def test_a_temporary_server_ends_with_the_process_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    code = """
import os, sys
from flows.runtime import temporary_server as server
url = server.reserve()
server.start(url, print)
print(url, server._servers[url].pid, flush=True)
sys.stdin.read()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes)
    assert process.stdout
    url, pid = next(line for line in process.stdout if line.startswith("http")).split()
    assert request(f"{url}/health") is True
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
