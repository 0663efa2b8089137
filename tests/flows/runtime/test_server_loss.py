"""A run whose Prefect server is lost ends without an error, soon, and says what was not recorded."""

import contextvars
import inspect
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.flow_engine import FlowRunEngine
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    get_current_settings,
    temporary_settings,
)
from prefect.task_runners import ThreadPoolTaskRunner

from flows.runtime import server_loss
from flows.runtime.registry import find_prefect_flow
from flows.runtime.server_loss import (
    LOST_SECONDS,
    REPEATING_LOGGERS,
    ServerMonitor,
    flow_for_run,
    monitored,
    run_flow,
)
from tasks.core import locations
from tasks.core.settings import presets, resolve
from tests.flows.napping import checkout

URL = "http://127.0.0.1:4200/api"


@pytest.fixture
def messages() -> list[str]:
    """Messages to the user."""
    return []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic time; the first of the list."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the server answers; the first of the list."""
    answering = [True]
    monkeypatch.setattr(server_loss, "is_there", lambda url: answering[0])
    return answering


@pytest.fixture(autouse=True)
def retries() -> Iterator[Any]:
    """How often Prefect's client retries, in a copy of its settings; logging is as before after each test."""
    before = logging.raiseExceptions
    with temporary_settings():
        yield PREFECT_CLIENT_MAX_RETRIES.value
    logging.raiseExceptions = before


def test_a_short_silence_changes_nothing(messages, clock, up, retries) -> None:
    monitor, before = ServerMonitor(URL, messages.append), retries()
    up[0] = False
    for now in (2.0, LOST_SECONDS - 1):
        clock[0] = now
        monitor.probe()
        assert monitor.silent
    up[0] = True
    clock[0] = LOST_SECONDS + 5
    monitor.probe()
    assert (messages, monitor.lost, monitor.silent, retries()) == ([], False, False, before)


def test_calls_to_a_lost_server_are_not_retried_until_it_answers_again(messages, clock, up, retries) -> None:
    monitor, before = ServerMonitor(URL, messages.append), retries()
    up[0], clock[0] = False, LOST_SECONDS + 1
    monitor.probe()
    monitor.probe()
    assert (monitor.lost, retries()) == (True, 0)
    assert messages == [
        "the Prefect server at http://127.0.0.1:4200 no longer answers; the run continues without it"
    ]
    up[0] = True
    monitor.probe()
    assert (monitor.lost, retries()) == (False, before)
    assert messages[1:] == ["the Prefect server at http://127.0.0.1:4200 answers again"]


def test_repeated_complaints_are_not_shown_while_the_server_is_silent(
    messages, up, caplog, monkeypatch
) -> None:
    monkeypatch.setattr(server_loss, "PROBE_SECONDS", 0.01)
    logger = logging.getLogger(REPEATING_LOGGERS[0])
    with monitored(URL, messages.append) as monitor:
        logger.warning("the first")
        up[0] = False
        while not monitor.silent:
            time.sleep(0.01)
        logger.warning("the second")
        up[0] = True
        while monitor.silent:
            time.sleep(0.01)
    logger.warning("the third")
    assert [record.getMessage() for record in caplog.records] == ["the first", "the third"]


REFUSAL = ConnectionError("connection refused")


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What Prefect raises after the body of a flow, if anything; the first of the list."""
    first: list[Exception | None] = [REFUSAL]

    def without_server(flow: Any, body: Any, **_: Any) -> Any:
        def run(*arguments: Any) -> Any:
            try:
                return body(*arguments)
            finally:
                if first[0]:
                    raise first[0]

        return run

    monkeypatch.setattr(server_loss, "flow_for_run", without_server)
    return first


def test_what_the_body_returned_counts_though_prefect_fails_after_it(messages, up, refusal) -> None:
    flow = Flow(lambda x: x + 1, name="add")
    assert run_flow(flow, 1, name="one", url=URL, inform=messages.append) == (2, False)
    assert messages == [
        "Prefect could not record the end of this run (connection refused); its results are complete"
    ]
    refusal[0] = None
    assert run_flow(flow, 1, name="one", url=URL, inform=messages.append) == (2, True)


def test_what_the_body_raised_counts_though_prefect_fails_after_it(messages, up, refusal) -> None:
    def fails() -> None:
        raise ValueError("of its own")

    for refusal[0] in (None, REFUSAL):
        with pytest.raises(ValueError, match="of its own"):
            run_flow(Flow(fails), name="one", url=None, inform=messages.append)


def test_a_flow_that_never_began_fails_as_prefect_says(messages, monkeypatch) -> None:
    def refuses() -> None:
        raise REFUSAL

    monkeypatch.setattr(server_loss, "flow_for_run", lambda flow, body, **_: refuses)
    with pytest.raises(ConnectionError):
        run_flow(Flow(lambda: None, name="none"), name="one", url=None, inform=messages.append)


def calls_a_closed_port() -> None:
    with get_client(sync_client=True) as client:
        client.read_flow_runs()


def test_prefects_client_reads_the_setting_that_is_changed_before_each_attempt(messages, clock, up) -> None:
    """Also in a thread that had started before, as those of steps; settings of the process stay the same."""
    before = get_current_settings().client.max_retries
    closed = f"http://127.0.0.1:{free_port()}/api"
    with temporary_settings({PREFECT_API_URL: closed}), monitored(URL, messages.append) as monitor:
        assert "max_retries" in type(get_current_settings().client).model_fields
        called, context = threading.Event(), contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            attempt = pool.submit(context.run, lambda: (called.wait(), calls_a_closed_port()))
            up[0], clock[0] = False, LOST_SECONDS + 1
            monitor.probe()
            called.set()
            with pytest.raises(httpx.ConnectError):
                attempt.result(timeout=20)
    assert get_current_settings().client.max_retries == before > 0


@pytest.mark.parametrize("competition", ["dogs", "extraction", "nl2sql"])
def test_the_server_is_given_the_parameters_that_prefect_would_give_it(competition) -> None:
    flow = find_prefect_flow(competition)
    for preset in presets.listed([locations.presets_folder() / competition]):
        config = resolve.resolve(competition, preset=preset.name, overrides=(), submission=None)
        run = flow_for_run(flow, flow.fn, name="one", runner=None)
        assert run.serialize_parameters({"config": config}) == flow.serialize_parameters({"config": config})


def test_a_run_has_the_options_of_its_flow_and_a_name_and_runner_of_its_own() -> None:
    flow, runner = find_prefect_flow("dogs"), ThreadPoolTaskRunner(max_workers=1)
    before = dict(vars(flow))
    run = flow_for_run(flow, flow.fn, name="one", runner=runner)
    assert (run.flow_run_name, run.task_runner) == ("one", runner)
    differing = {key for key, value in vars(run).items() if key != "parameters" and value != before[key]}
    assert differing <= {"flow_run_name", "task_runner", "_entrypoint"}
    assert run.parameters == flow.parameters
    assert vars(flow) == before


def test_prefect_still_asks_a_flow_for_its_parameters_as_json() -> None:
    """`serialize_parameters` is overridden: the engine of the pinned Prefect must call it."""
    assert "serialize_parameters(parameters)" in inspect.getsource(FlowRunEngine.create_flow_run)
    assert "max_retries" in get_current_settings().client.model_dump()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
@pytest.mark.server
def test_a_run_outlives_its_server(tmp_path: Path) -> None:
    """Prefect alone ended such a run with an error, 4 min 38 s after its last step."""
    folder = checkout(tmp_path / "checkout")
    own = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PREFECT_HOME": str(folder / "prefect"),
        "PODIUM_STORE": str(folder / "store"),
        "PODIUM_SUBMISSIONS": str(folder / "submissions"),
    }
    own.pop("PREFECT_API_URL", None)
    started = f"from flows.runtime import local_server as server; server.ensure(print, port={free_port()})"
    subprocess.run([sys.executable, "-c", started], cwd=folder, env=own, check=True, timeout=300)
    words = [sys.executable, "-m", "flows", "run", "nap", "--preset", "long", "--set", "seconds=20"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=folder, env=own, stdout=pipe, stderr=pipe, text=True) as run:
        assert run.stderr is not None
        lines = []
        for line in run.stderr:
            lines.append(line)
            if "asleep" in line:
                os.kill(json.loads((folder / "prefect/server.json").read_text())["pid"], signal.SIGKILL)
            if "wake completed" in line:
                break
        ended = time.monotonic()
        printed, rest = run.communicate(timeout=300)
    assert run.returncode == 0, "".join(lines) + rest
    assert time.monotonic() - ended < 60
    assert printed.startswith("submission  ")
    assert "its pages show this run as unfinished or crashed" in rest
    assert "Traceback" not in rest
    assert "EventsWorker" not in "".join(lines) + rest
