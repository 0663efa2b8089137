"""The campaign's Prefect server, which Podium itself starts in the campaign's home, and what it knows."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flows.runtime import local_server
from flows.runtime.prefect_api import request
from flows.runtime.prefect_profile import CLIENT_STRING
from flows.runtime.run_marks import OPEN_STATES, settle
from flows.runtime.server_record import LocalServer, auth_string, recorded
from tasks.core.errors import UserError

KEPT = ("PREFECT_HOME", "PREFECT_API_URL", CLIENT_STRING)
MOST = 200
STARTS = 5


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Within the block, this process is a user of the Prefect home."""
    before = {name: os.environ.pop(name, None) for name in KEPT}
    os.environ["PREFECT_HOME"] = str(home)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def ensure(home: Path) -> str:
    """Start the server, as the next command of a user does; its address."""
    home.mkdir(parents=True, exist_ok=True)
    with at_home(home):
        for _ in range(STARTS - 1):  # on a machine that is very busy, its time is over before it answers
            with suppress(UserError):
                return local_server.ensure(lambda text: None)
        return local_server.ensure(lambda text: None)


def stop(home: Path) -> None:
    """End the server."""
    with at_home(home):
        local_server.stop(print)


def running(home: Path) -> LocalServer | None:
    """The server, if its process is alive."""
    with at_home(home):
        server = recorded()
        return server if server and server.alive else None


def open_runs(home: Path) -> dict[str, str]:
    """Runs and steps that the server does not know the end of: names and states by their ids."""
    if running(home) is None:
        ensure(home)
    with at_home(home):
        server, string = recorded(), auth_string()
        assert server is not None
        os.environ[CLIENT_STRING] = string or ""
        settle(server.url)  # as the next command does
        return _open(server.url, "flow_runs") | _open(server.url, "task_runs")


def _open(url: str, kind: str) -> dict[str, str]:
    query: dict[str, Any] = {kind: {"state": {"type": {"any_": list(OPEN_STATES)}}}, "limit": MOST}
    found = request(f"{url}/{kind}/filter", query)
    what = kind.removesuffix("s").replace("_", " ")
    return {each["id"]: f"{what} {each['name']} {each['state']['name']}" for each in found}
