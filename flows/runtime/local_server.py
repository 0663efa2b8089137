"""The Prefect server that records runs: the configured one, else a local one in the background.

Uses its HTTP interface only: importing Prefect takes a second and reads the environment.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from filelock import Timeout

from flows.runtime import run_marks
from flows.runtime.prefect_api import REFUSED, answers, check_api, credentials, request
from flows.runtime.prefect_profile import (
    BASE_PATH,
    CLIENT_STRING,
    SERVER_STRING,
    configured,
    configured_url,
    page_of,
)
from flows.runtime.prefect_settings import apply, ensure_home, environment
from flows.runtime.proxies import bypass_for_loopback, drop_unusable
from flows.runtime.server_pages import choose_pages
from flows.runtime.server_record import (
    OWN_MODE,
    LocalServer,
    auth_string,
    auth_string_file,
    forget,
    make_private,
    new_auth_string,
    record,
    recorded,
)
from tasks.core import locations
from tasks.core.errors import UserError
from tasks.core.files.locks import file_lock

PORT = 4200
START_TIMEOUT_SECONDS = 240.0  # a first start took 100 s on two cores that were busy with trainings
NOTICE_SECONDS = 15.0
"""Who waits longer for a server says so."""
STOP_TIMEOUT_SECONDS = 10.0
ORIGINS = ("PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS", "PREFECT_SERVER_CORS_ALLOWED_ORIGINS")
"""Both names of the setting: pages whose scripts may use the server."""
RESTART = "`podium ui --stop` ends it, and the next command starts another"

CRASHED_AUTOMATION: Mapping[str, Any] = {
    "name": "podium: mark runs without heartbeat as crashed",
    "description": "A process that SIGKILL ended cannot report it; its run would stay Running.",
    "trigger": {
        "type": "event",
        "posture": "Proactive",
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "for_each": ["prefect.resource.id"],
        "after": ["prefect.flow-run.heartbeat"],
        "expect": [
            f"prefect.flow-run.{event}"
            for event in ("heartbeat", "Completed", "Failed", "Cancelled", "Crashed")
        ],
        "threshold": 1,
        "within": 90,
    },
    "actions": [
        {"type": "change-flow-run-state", "state": "CRASHED", "message": "No heartbeat for 90 seconds."}
    ],
}

Inform = Callable[[str], None]
"""Shows the user a message."""


def ensure(inform: Inform, *, port: int | None = None) -> str:
    """The API's URL of a server that answers; starts a local one, at this port, if none is configured.

    The server is told of runs whose processes have died (`flows.runtime.run_marks`).

    Raises:
        UserError: the configured server does not answer, or the local one did not start.
    """
    url = _ensure(inform, port)
    run_marks.settle(url)
    return url


def _ensure(inform: Inform, port: int | None) -> str:
    if url := configured_url():
        if (local := recorded()) and local.url == url and local.alive and not credentials():
            _authenticate(local, inform)
        check_api(url)
        return url
    with _state_lock(inform):
        local = recorded()
        if local is None or not local.alive or not _wait_until_ready(local, inform):
            local = _start(inform, PORT if port is None else port)
        _authenticate(local, inform)
        _register_automation(local.url)
    return local.url


def _authenticate(local: LocalServer, inform: Inform) -> None:
    """Put the server's authentication string into the environment, from where all requests take it.

    Raises:
        UserError: the file that keeps it cannot be read.
    """
    if not local.asks:
        page = page_of(local.url)
        if not configured(SERVER_STRING):
            inform(f"the Prefect server at {page} is of an earlier version and open to all here: {RESTART}")
        return
    string = auth_string()
    if string is None:
        expected = f"{auth_string_file()}: expected the authentication string of the server at {local.url}"
        raise UserError(f"{expected}, received no file of text ({RESTART})")
    os.environ[CLIENT_STRING] = string


def stop(inform: Inform) -> bool:
    """End the local server; False if there is none.

    Raises:
        UserError: it belongs to another user.
    """
    with _state_lock(inform):
        local = recorded()
        was_alive = local is not None and local.alive
        if local is not None and was_alive:
            _terminate(local)
        forget()
        return was_alive


def _terminate(local: LocalServer) -> None:
    try:
        os.kill(local.pid, signal.SIGTERM)
    except PermissionError:
        received = f"process {local.pid} of another user"
        raise UserError(f"--stop: expected a server that you started, received {received}") from None
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while local.alive and time.monotonic() < deadline:
        time.sleep(0.1)
    if local.alive:
        os.kill(local.pid, signal.SIGKILL)


def _log_file() -> Path:
    return locations.prefect_home() / "server.log"


@contextmanager
def _state_lock(inform: Inform) -> Iterator[None]:
    """Admit one process at a time; the kernel frees the lock of a process that dies."""
    home = ensure_home()
    make_private(home)
    lock = file_lock(home / "server.lock")
    try:
        lock.acquire(timeout=NOTICE_SECONDS)
    except Timeout:
        inform("waits for another command, which starts the Prefect server or ends it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def starting(inform: Inform) -> Iterator[None]:
    """Start another server of this home within the block, alone: two that set up one database break it."""
    with _state_lock(inform):
        if (local := recorded()) and local.alive:
            _wait_until_ready(local, inform)
        yield


def _start(inform: Inform, preferred: int) -> LocalServer:
    inform("starting a local Prefect server (the first time takes about ten seconds) …")
    for port in (free_port(preferred), free_port(0)):
        local = LocalServer(_spawn(port, new_auth_string()), api_url(port), asks=True)
        record(local)
        if _wait_until_ready(local, inform):
            page = page_of(local.url)
            inform(f"Prefect runs at {page} (podium ui says how to log in, podium ui --stop ends it)")
            return local
    apply(None)  # says which setting Prefect refuses, if that is why
    raise UserError(f"the local Prefect server ended at once; {log_tail(_log_file())}")


def login_hint(url: str) -> str:
    """How a person logs in to the pages of a server that Podium started; empty for any other."""
    local = recorded()
    if local is None or local.url != url or not local.asks:
        return ""
    return f"the pages ask each browser once for a password: the line in {auth_string_file()}"


def _spawn(port: int, string: str) -> int:
    """Start the server in its own session, so that it outlives this command; returns its process id."""
    server = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"} | environment()
    bypass_for_loopback(env)
    drop_unusable(None, env)
    choose_pages(env)
    env["PREFECT_UI_API_URL"] = api_url(port)  # else its pages call port 4200 and stay blank
    env[SERVER_STRING] = env[CLIENT_STRING] = string
    if not any(map(configured, ORIGINS)):  # without a list of origins, scripts of all web pages may ask
        env[ORIGINS[0]] = f"http://127.0.0.1:{port},http://localhost:{port}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(_log_file()), flags, OWN_MODE),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        *((os.POSIX_SPAWN_CLOSE, number) for number in inherited()),
    ]
    return os.posix_spawn(sys.executable, [sys.executable, *server], env, file_actions=actions, setsid=True)


def inherited() -> list[int]:
    """Descriptors that this process has got from the one that started it, and would pass on.

    The server outlives this command, and with them it would keep locks (`flock lock podium run …`) and pipes.
    """
    folder, found = Path("/proc/self/fd"), list[int]()
    for number in [int(path.name) for path in folder.iterdir()] if folder.is_dir() else []:
        with suppress(OSError):  # the one by which the folder was read
            if number > 2 and os.get_inheritable(number):
                found.append(number)
    return found


def api_url(port: int) -> str:
    """The address of the API of a server of this machine at this port."""
    base = (os.environ.get(BASE_PATH) or "/api").strip("/")  # Prefect takes an empty one for none
    return f"http://127.0.0.1:{port}/{base}".rstrip("/")


def _wait_until_ready(local: LocalServer, inform: Inform) -> bool:
    """Wait until the server answers; False if its process has ended."""
    began, said = time.monotonic(), False
    while not (local.listens and answers(local.url)):  # what else listens there gets no credentials
        time.sleep(0.2)  # first, as a process has no command line for a moment after its start
        if not local.alive:
            return False
        if (waited := time.monotonic() - began) > NOTICE_SECONDS and not said:
            said = True
            log = _log_file()
            inform(f"waits since {waited:.0f} s for the Prefect server to start (pid {local.pid}, log {log})")
        if waited > START_TIMEOUT_SECONDS:
            expected = f"an answer from {local.url}/health within {START_TIMEOUT_SECONDS:.0f} s"
            raise UserError(
                f"the local Prefect server: expected {expected}, received none; the same command tries "
                f"again, on a machine that is less busy; {log_tail(_log_file())}"
            )
    return True


def free_port(preferred: int) -> int:
    """The preferred port if it is free, else any free one; 0: any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            return free_port(0)
        return int(probe.getsockname()[1])


def _register_automation(url: str) -> None:
    query = {"automations": {"name": {"any_": [CRASHED_AUTOMATION["name"]]}}}
    try:
        if not request(f"{url}/automations/filter", query):
            request(f"{url}/automations/", CRASHED_AUTOMATION)
    except HTTPError as error:
        error.close()
        if error.code not in REFUSED:
            raise
        expected = f"{auth_string_file()}: expected the authentication string of the server at {url}"
        raise UserError(f"{expected}, received one that it refuses ({RESTART})") from None


def log_tail(file: Path, count: int = 15) -> str:
    """The last lines of a server's log, for an error message."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()[-count:]
    except OSError:
        lines = ["(there is none)"]
    return f"last lines of {file}:\n" + "\n".join(lines)
