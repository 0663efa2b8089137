"""The local server: started once, found again, ended; and a schedule that fires on a real server."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from filelock import Timeout

from flows.runtime import local_server, prefect_profile, prefect_settings, server_record, temporary_server
from flows.runtime.prefect_api import request
from tasks.core.errors import UserError
from tasks.core.files.locks import file_lock

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    strings = (prefect_profile.CLIENT_STRING, prefect_profile.SERVER_STRING)
    for variable in ("PREFECT_API_URL", "PREFECT_PROFILE", *strings, *prefect_settings.DEFAULTS):
        monkeypatch.setenv(variable, "")  # so that it is restored
        monkeypatch.delenv(variable)
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


def test_services_of_a_server_wait_whole_seconds() -> None:
    """Prefect drops fractions: after 0.1 seconds means at once, and again at once, on a whole core."""
    settings = prefect_settings.DEFAULTS | temporary_server.SETTINGS
    waits = [value for name, value in settings.items() if name.endswith(("_INTERVAL", "_FREQUENCY"))]
    assert waits
    assert all(wait.isdigit() and int(wait) >= 1 for wait in waits)


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
    assert prefect_profile.configured_url() is None
    profiles = 'active = "a"\n[profiles.a]\nPREFECT_API_URL = "http://there/api"\n[profiles.b]\n'
    (home / "profiles.toml").write_text(profiles)
    assert prefect_profile.configured_url() == "http://there/api"


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
    [
        "",
        "{",
        "[]",
        '{"pid": "x", "url": 3}',
        '{"pid": 1e400, "url": "http://a:1"}',
        "[" * 10_000,
        '{"pid": -1, "url": "http://a:1"}',
        '{"pid": 1, "url": "http://a:b"}',
        '{"pid": 1, "url": "http://127.0.0.1:4200/api"}',
    ],
)
def test_a_state_file_without_a_server_that_podium_started_ends_nothing(home: Path, state: str) -> None:
    (home / "server.json").write_text(state)
    assert local_server.stop(print) is False


def test_the_server_of_another_user_is_neither_ended_nor_forgotten(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    (home / "server.json").write_text('{"pid": 1, "url": "http://127.0.0.1:4200/api"}')
    monkeypatch.setattr(server_record.LocalServer, "alive", True)
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(UserError, match="received process 1 of another user"):
        local_server.stop(print)
    assert (home / "server.json").exists()


def test_a_process_that_took_over_the_number_of_a_server_is_not_taken_for_it() -> None:
    assert not server_record.LocalServer(os.getpid(), "http://127.0.0.1:4200/api").alive


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert local_server.free_port(port) != port


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


def test_a_new_string_replaces_what_others_can_read_or_have_made(home: Path) -> None:
    file = server_record.auth_string_file()
    first = server_record.new_auth_string()
    assert first.startswith("podium:")
    assert len(first) > 30
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert server_record.new_auth_string() == first == server_record.auth_string()
    file.chmod(0o644)
    second = server_record.new_auth_string()
    assert second != first
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    planted = home / "planted"
    planted.write_text("podium:known")
    planted.chmod(0o600)
    file.unlink()
    file.symlink_to(planted)
    assert server_record.new_auth_string() not in (first, second, "podium:known")
    assert planted.read_text() == "podium:known"
    assert not file.is_symlink()


def test_the_users_own_string_is_that_of_the_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "a:b")
    assert server_record.new_auth_string() == "a:b"
    monkeypatch.delenv("PREFECT_SERVER_API_AUTH_STRING")
    assert server_record.new_auth_string() == "a:b"  # whoever has logged in need not do so again


def test_a_home_that_others_could_read_is_closed_to_them(home: Path) -> None:
    home.chmod(0o775)
    names = ("prefect.db", "prefect.db-wal", "server.json", "server.log", "auth-string", "profiles.toml")
    for name in names:
        (home / name).touch(0o664)
    (home / "prefect.db-shm").symlink_to(home / "profiles.toml")
    server_record.make_private(home)
    modes = {name: oct((home / name).stat().st_mode & 0o777) for name in names}
    assert oct(home.stat().st_mode & 0o777) == "0o700"
    assert modes.pop("profiles.toml") != "0o600"
    assert set(modes.values()) == {"0o600"}


def test_a_server_of_an_earlier_version_is_used_and_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "server.json").write_text('{"pid": 1, "url": "http://127.0.0.1:4200/api"}')
    monkeypatch.setattr(server_record.LocalServer, "alive", True)
    monkeypatch.setattr(server_record.LocalServer, "listens", True)
    monkeypatch.setattr(local_server, "answers", lambda url: True)
    monkeypatch.setattr(local_server, "request", lambda *arguments: True)
    said: list[str] = []
    assert local_server.ensure(said.append) == "http://127.0.0.1:4200/api"
    assert "is of an earlier version and open to all here: `podium ui --stop`" in said[0]
    assert local_server.login_hint("http://127.0.0.1:4200/api") == ""
    assert "PREFECT_API_AUTH_STRING" not in os.environ


def test_something_else_that_answers_at_its_port_is_not_taken_for_the_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "server.json").write_text('{"pid": 1, "url": "http://127.0.0.1:4200/api", "asks": true}')
    monkeypatch.setattr(server_record.LocalServer, "alive", True)
    monkeypatch.setattr(server_record.LocalServer, "listens", False)
    monkeypatch.setattr(local_server, "answers", lambda url: True)
    monkeypatch.setattr(local_server, "START_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(UserError, match="expected an answer from"):
        local_server.ensure(silent)


def test_two_servers_of_one_home_do_not_start_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sets up the database; of two that do so at once one ends with "No such constraint"."""
    seen: list[str] = []

    def spawn(port: str) -> "subprocess.Popen[bytes]":
        with pytest.raises(Timeout):
            file_lock(home / "server.lock").acquire(timeout=0)
        seen.append("spawned")
        return subprocess.Popen(["sleep", "60"])

    def fail(url: str, server: "subprocess.Popen[bytes]", inform: local_server.Inform) -> None:
        assert server.poll() is None
        raise UserError("it did not start")

    starting = server_record.LocalServer(os.getpid(), "http://127.0.0.1:1/api", asks=True)
    server_record.record(starting)
    monkeypatch.setattr(server_record.LocalServer, "alive", property(lambda self: True))
    monkeypatch.setattr(local_server, "_wait_until_ready", lambda *_: seen.append("waited") or True)
    monkeypatch.setattr(temporary_server, "_spawn", spawn)
    monkeypatch.setattr(temporary_server, "_wait_until_ready", fail)
    url = temporary_server.reserve()
    with pytest.raises(UserError, match="did not start"):
        temporary_server.start(url, silent)
    assert seen == ["waited", "spawned"]
    server = temporary_server._servers[url]
    assert server is not None
    assert server.returncode == -signal.SIGKILL


def test_a_temporary_server_has_a_string_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server_record.protect_temporary_server(home)
    assert os.environ["PREFECT_SERVER_API_AUTH_STRING"] == os.environ["PREFECT_API_AUTH_STRING"] != ""


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
        assert local_server.stop(print)


def status(url: str, **headers: str) -> int:
    """The HTTP status of a request without credentials."""
    message = urllib.request.Request(url, headers={name.replace("_", "-"): headers[name] for name in headers})
    message.method = "OPTIONS" if headers else "GET"
    try:
        with urllib.request.urlopen(message, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.server
def test_one_server_is_started_and_runs_a_schedule(running: str, home: Path) -> None:
    """Some versions of its libraries break schedules without an error: only a run shows that they work."""
    assert local_server.ensure(silent) == running
    automations = request(f"{running}/automations/filter", {})
    assert [entry["name"] for entry in automations] == [local_server.CRASHED_AUTOMATION["name"]]

    (home / "scheduled.py").write_text(SCHEDULED)
    env = os.environ | prefect_settings.environment() | {"PREFECT_API_URL": running}
    assert env["PREFECT_API_AUTH_STRING"] == (home / "auth-string").read_text().strip()
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
    lines = (home / "server.log").read_text().splitlines()
    # that the new UI is switched off (`server_pages`) Prefect takes for an error
    assert [line for line in lines if "ERROR" in line and "V2 UI" not in line] == []
    lets_in_only_who_knows_its_string_and_no_page_of_others(running, home)


def lets_in_only_who_knows_its_string_and_no_page_of_others(running: str, home: Path) -> None:
    page = running.removesuffix("/api")
    assert status(f"{running}/health") == 200
    assert {status(f"{running}/{path}") for path in ("deployments/x", "admin/settings", "hello")} == {401}
    preflight = {"Access_Control_Request_Method": "PATCH", "Access_Control_Request_Headers": "authorization"}
    for origin, wanted in (("http://evil.example", 400), ("null", 400), (page, 200)):
        assert status(f"{running}/deployments/x", Origin=origin, **preflight) == wanted
    assert request(f"{running}/hello")
    assert "auth-string" in local_server.login_hint(running)
    assert {
        path.name: oct(path.stat().st_mode & 0o777)
        for path in home.iterdir()
        if path.stat().st_mode & 0o077 and path.name not in ("server.lock", "scheduled.py", "serve.log")
    } == {}
    assert oct(home.stat().st_mode & 0o777) == "0o700"
    local = server_record.recorded()
    assert local is not None
    assert local.alive
    assert local.listens
    assert local.port is not None
    assert not local._replace(url=f"http://127.0.0.1:{local.port + 1}/api").listens
    os.environ["PREFECT_API_URL"] = running  # a user's variable of the same address needs no string
    del os.environ["PREFECT_API_AUTH_STRING"]
    assert local_server.ensure(silent) == running
    del os.environ["PREFECT_API_URL"]
    server_record.auth_string_file().write_text("podium:other\n")
    with pytest.raises(
        UserError, match=r"auth-string: expected the authentication string .* that it refuses"
    ):
        local_server.ensure(silent)


def completed_run(url: str, *, timeout_seconds: float = 150) -> bool:
    """Whether a run that the scheduler made has completed in time."""
    wanted = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if any(run["auto_scheduled"] for run in request(f"{url}/flow_runs/filter", wanted)):
            return True
        time.sleep(0.5)
    return False


def test_a_server_keeps_no_lock_of_the_command_that_started_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of `flock lock podium run …` in a table of cron, whose next run would wait for ever."""
    lock = home / "lock"
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR)
    os.set_inheritable(descriptor, True)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    listing, spawn = home / "listing", os.posix_spawn

    def list_instead(path: str, words: list[str], env: dict[str, str], **options: Any) -> int:
        return spawn("/bin/ls", ["ls", "-l", "/proc/self/fd"], env, **options)

    monkeypatch.setattr(os, "posix_spawn", list_instead)
    monkeypatch.setattr(local_server, "_log_file", lambda: listing)
    os.waitpid(local_server._spawn(free_port(), "user:password"), 0)
    assert str(listing) in listing.read_text()
    assert str(lock) not in listing.read_text()
    os.close(descriptor)
