"""The local server: started once, found again, ended; and a schedule that fires on a real server."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows.runtime import local_server, prefect_settings
from tasks.core.errors import UserError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("PREFECT_API_URL", "PREFECT_PROFILE", *prefect_settings.DEFAULTS):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def silent(_: str) -> None:
    pass


# Settings


def test_prefect_gets_podiums_settings_but_for_those_the_user_has_set(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_SERVER_UI_V2_ENABLED", "true")
    environment = prefect_settings.environment()
    assert environment["PREFECT_HOME"] == str(home)
    assert environment["PREFECT_SERVER_UI_V2_ENABLED"] == "true"
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environment["DO_NOT_TRACK"] == "1"


def test_every_setting_exists_in_prefect() -> None:
    """Prefect ignores unknown variables in silence, so that a misspelt one would do nothing."""
    code = """
from prefect.settings.legacy import _get_settings_fields
from prefect.settings import Settings
from flows.runtime.prefect_settings import DEFAULTS
known = set(_get_settings_fields(Settings))
print([name for name in DEFAULTS if name.startswith("PREFECT_") and name not in known])
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "[]\n", ended.stderr


def test_without_a_server_none_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "PREFECT_API_URL": "http://other/api"})
    prefect_settings.apply(None)
    assert "PREFECT_API_URL" not in os.environ
    assert os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] == "true"
    prefect_settings.apply("http://127.0.0.1:1/api")
    assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:1/api"


def test_the_server_of_the_active_profile_counts_as_configured(home: Path) -> None:
    assert prefect_settings.configured_url() is None
    profiles = 'active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://there/api"\n[profiles.b]\n'
    (home / "profiles.toml").write_text(profiles)
    assert prefect_settings.configured_url() == "http://there/api"


def test_a_configured_server_that_does_not_answer_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    monkeypatch.setenv("PREFECT_API_URL", url)
    with pytest.raises(UserError, match=f"expected a Prefect server .* received none at {url}"):
        local_server.ensure(silent)


# Without a server running


@pytest.mark.parametrize(
    "state",
    ["", "{", "[]", '{"pid": "x", "url": 3}', '{"pid": 1, "url": "http://127.0.0.1:4200/api"}'],
)
def test_a_state_file_without_a_server_that_podium_started_ends_nothing(home: Path, state: str) -> None:
    (home / "server.json").write_text(state)
    assert local_server.stop() is False


def test_the_server_of_another_user_is_neither_ended_nor_forgotten(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    (home / "server.json").write_text('{"pid": 1, "url": "http://127.0.0.1:4200/api"}')
    monkeypatch.setattr(local_server.LocalServer, "alive", True)
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(UserError, match="received process 1 of another user"):
        local_server.stop()
    assert (home / "server.json").exists()


def test_a_process_that_took_over_the_number_of_a_server_is_not_taken_for_it() -> None:
    assert not local_server.LocalServer(os.getpid(), "http://127.0.0.1:4200/api").alive


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert local_server._free_port(port) != port


def test_a_server_that_dies_at_once_is_an_error_with_its_last_lines(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = home / "python"
    program.write_text("#!/bin/sh\necho cannot start >&2\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(UserError, match="the local Prefect server ended at once; last lines of") as caught:
        local_server.ensure(silent)
    assert str(caught.value).endswith("\ncannot start")


# With one

SCHEDULED = """
from datetime import timedelta
from prefect import flow

@flow
def tick():
    pass

if __name__ == "__main__":
    tick.serve(name="ticking", interval=timedelta(seconds=5))
"""


@pytest.fixture
def running(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(local_server, "PORT", free_port())
    messages: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        urls = list(pool.map(local_server.ensure, [messages.append] * 2))
    try:
        assert len(set(urls)) == 1
        assert sum("starting" in line for line in messages) == 1
        yield urls[0]
    finally:
        assert local_server.stop()


def request(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    message = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(message, timeout=10) as response:
        return json.loads(response.read())


@pytest.mark.server
def test_one_server_is_started_and_runs_a_schedule(running: str, home: Path) -> None:
    """Some versions of its libraries break schedules without an error: only a run shows that they work."""
    assert local_server.ensure(silent) == running
    automations = request(f"{running}/automations/filter", {})
    assert [entry["name"] for entry in automations] == [local_server.CRASHED_AUTOMATION["name"]]

    (home / "scheduled.py").write_text(SCHEDULED)
    env = os.environ | prefect_settings.environment() | {"PREFECT_API_URL": running}
    log = (home / "serve.log").open("w")
    with (
        log,
        subprocess.Popen(
            [sys.executable, str(home / "scheduled.py")], env=env, stdout=log, stderr=log
        ) as process,
    ):
        try:
            assert completed_run(running), (home / "serve.log").read_text()
        finally:
            process.kill()  # Prefect's own handler of SIGTERM raises, and what it raises may be swallowed
    assert "ERROR" not in (home / "server.log").read_text()


def completed_run(url: str, *, timeout_seconds: float = 150) -> bool:
    """Whether a run that the scheduler made has completed in time."""
    wanted = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if any(run["auto_scheduled"] for run in request(f"{url}/flow_runs/filter", wanted)):
            return True
        time.sleep(0.5)
    return False
