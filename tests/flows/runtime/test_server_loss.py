"""A run whose Prefect server is lost ends well, soon, and says what was not recorded."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.runtime import server_loss
from flows.runtime.registry import flow_of
from flows.runtime.server_loss import (
    COMPLAINING,
    LOST_SECONDS,
    Watch,
    carried_out,
    for_one_run,
    watched,
)
from tasks.core import places
from tasks.core.settings import presets, resolve
from tests.flows.napping import checkout

URL = "http://127.0.0.1:4200/api"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is; the first of the list."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def up(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the server answers; the first of the list."""
    answering = [True]
    monkeypatch.setattr(server_loss, "answers", lambda url, any_status: answering[0])
    return answering


@pytest.fixture(autouse=True)
def retries() -> Iterator[Any]:
    """How often Prefect's client asks again, and whether logging complains: as before, after each test."""
    from prefect.settings import get_current_settings

    client, complains = get_current_settings().client, logging.raiseExceptions
    before = client.max_retries
    yield lambda: client.max_retries
    client.max_retries, logging.raiseExceptions = before, complains


def test_a_short_silence_changes_nothing(said, clock, up, retries) -> None:
    watch, before = Watch(URL, said.append), retries()
    up[0] = False
    for now in (2.0, LOST_SECONDS - 1):
        clock[0] = now
        watch.ask()
        assert watch.silent
    up[0] = True
    clock[0] = LOST_SECONDS + 5
    watch.ask()
    assert (said, watch.lost, watch.silent, retries()) == ([], False, False, before)


def test_a_lost_server_is_not_waited_for_until_it_answers_again(said, clock, up, retries) -> None:
    watch, before = Watch(URL, said.append), retries()
    up[0], clock[0] = False, LOST_SECONDS + 1
    watch.ask()
    watch.ask()
    assert (watch.lost, retries()) == (True, 0)
    assert said == [
        "the Prefect server at http://127.0.0.1:4200 does not answer any more; the run goes on without it"
    ]
    up[0] = True
    watch.ask()
    assert (watch.lost, retries()) == (False, before)
    assert said[1:] == ["the Prefect server at http://127.0.0.1:4200 answers again"]


def test_complaints_of_each_message_are_kept_from_the_person_while_it_is_silent(
    said, up, caplog, monkeypatch
) -> None:
    monkeypatch.setattr(server_loss, "PROBE_SECONDS", 0.01)
    logger = logging.getLogger(COMPLAINING[0])
    with watched(URL, said.append) as watch:
        logger.warning("the first")
        up[0] = False
        while not watch.silent:
            time.sleep(0.01)
        logger.warning("the second")
        up[0] = True
        while watch.silent:
            time.sleep(0.01)
    logger.warning("the third")
    assert [record.getMessage() for record in caplog.records] == ["the first", "the third"]


class Flow:
    """As much of Prefect's as is called, with a server that does not take the end of the run."""

    def __init__(self, body: Any, refusal: Exception | None = None) -> None:
        self.fn, self._refusal = body, refusal
        self.task_runner = None

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self.fn(*arguments)
        finally:
            if self._refusal:
                raise self._refusal


REFUSAL = ConnectionError("connection refused")


def test_what_the_body_returned_counts_though_prefect_fails_after_it(said, up) -> None:
    ended = carried_out(Flow(lambda x: x + 1, REFUSAL), 1, name="one", url=URL, say=said.append)
    assert ended == (2, False)
    assert said == [
        "Prefect could not record the end of this run (connection refused); "
        "its results are complete all the same"
    ]
    assert carried_out(Flow(lambda x: x + 1), 1, name="one", url=URL, say=said.append) == (2, True)


def test_what_the_body_raised_counts_though_prefect_fails_after_it(said, up) -> None:
    def fails() -> None:
        raise ValueError("of its own")

    for refusal in (None, REFUSAL):
        with pytest.raises(ValueError, match="of its own"):
            carried_out(Flow(fails, refusal), name="one", url=None, say=said.append)


def test_a_flow_that_never_began_fails_as_prefect_says(said) -> None:
    class Unknown(Flow):
        def __call__(self, *arguments: Any) -> Any:
            raise REFUSAL

    with pytest.raises(ConnectionError):
        carried_out(Unknown(lambda: None), name="one", url=None, say=said.append)


@pytest.mark.parametrize("competition", ["dogs", "extraction", "nl2sql"])
def test_the_server_is_given_the_parameters_that_prefect_would_give_it(competition) -> None:
    flow = flow_of(competition)
    for preset in presets.listed(places.presets_folder() / competition):
        config = resolve.resolve(competition, preset=preset.name, overrides=(), submission=None)
        own = for_one_run(flow, flow.fn, "one", None)
        assert own.serialize_parameters({"config": config}) == flow.serialize_parameters({"config": config})


def test_a_run_leaves_its_flow_as_it_was() -> None:
    flow = flow_of("dogs")
    before = dict(vars(flow))
    own = for_one_run(flow, lambda config: None, "one", "a runner")
    assert (own.flow_run_name, own.task_runner) == ("one", "a runner")
    assert vars(flow) == before


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
        told = []
        for line in run.stderr:
            told.append(line)
            if "asleep" in line:
                os.kill(json.loads((folder / "prefect/server.json").read_text())["pid"], signal.SIGKILL)
            if "wake completed" in line:
                break
        ended = time.monotonic()
        printed, rest = run.communicate(timeout=300)
    assert run.returncode == 0, "".join(told) + rest
    assert time.monotonic() - ended < 60
    assert printed.startswith("submission  ")
    assert "its pages show this run as unfinished or crashed" in rest
    assert "Traceback" not in rest
    assert "EventsWorker" not in "".join(told) + rest
