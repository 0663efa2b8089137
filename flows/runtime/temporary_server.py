"""A Prefect server for one run: it ends with the process that started it, however that ends.

It is what Prefect would start by itself, but it writes nothing to the terminal, gets no signals from there,
is known by its address before Prefect is imported, and does not outlive a process that was killed. When that
process has ended, it records what it has received, and ends.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from flows.runtime import local_server
from flows.runtime.prefect_api import answers
from flows.runtime.prefect_settings import environment
from flows.runtime.proxies import bypass_for_loopback, drop_unusable
from flows.runtime.server_record import OWN_MODE
from tasks.core import locations
from tasks.core.errors import UserError

MODULE = "flows.runtime.temporary_server"
"""The name of this module, also where it runs as the main one."""
LOG = "temporary-server.log"
SETTINGS = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
    "PREFECT__SERVER_FINAL": "1",
}
"""Settings of the server besides `prefect_settings.DEFAULTS`."""
LAST_SECONDS = 0.3
"""How long it goes on when the run's process has ended, to receive what is on its way."""
KILL_SECONDS = 3.0
"""It is killed if it has not ended this long after that. While it ends, it records what it has received."""

_servers: dict[str, "subprocess.Popen[bytes] | None"] = {}
"""Servers of this process by their API's address, whose standard input is open as long as it lives; None for
one that has not been started."""


def reserve() -> str:
    """The API's address of a server that `start` starts; Prefect must know it when it is imported."""
    url = local_server.api_url(local_server.free_port(0))
    _servers[url] = None
    return url


def is_reserved(url: str | None) -> bool:
    """Whether this is the address of a server of this process."""
    return url in _servers


def start(url: str, inform: local_server.Inform) -> None:
    """Start the server of this address, unless it runs, and wait until it answers.

    Raises:
        UserError: it ended, or did not answer in time.
    """
    if _servers[url] is not None:
        return
    with local_server.starting(inform):
        _servers[url] = server = _spawn(url.rpartition(":")[2].partition("/")[0])
        try:
            _wait_until_ready(url, server, inform)
        except BaseException:
            server.kill()  # another one may start now
            server.wait()
            raise


def _spawn(port: str) -> "subprocess.Popen[bytes]":
    env = {**os.environ, **environment()}
    bypass_for_loopback(env)
    drop_unusable(None, env)
    env |= SETTINGS
    env.pop("PREFECT_API_URL", None)
    root = str(Path(__file__).resolve().parents[2])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")]))
    path = _log_file()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, OWN_MODE)
    with open(descriptor, "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, port],  # not a package `flows` of the current folder
            env=env,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_ready(url: str, server: "subprocess.Popen[bytes]", inform: local_server.Inform) -> None:
    began, said = time.monotonic(), False
    while not answers(url):
        waited = time.monotonic() - began
        if waited > local_server.NOTICE_SECONDS and not said:
            inform(f"waits since {waited:.0f} s for the run's own Prefect server to start ({_log_file()})")
            said = True
        if server.poll() is not None or waited > local_server.START_TIMEOUT_SECONDS:
            tail = local_server.log_tail(_log_file())
            expected = f"an answer within {local_server.START_TIMEOUT_SECONDS:.0f} s"
            raise UserError(
                f"the run's own Prefect server: expected {expected}, received none; the same command tries "
                f"again, on a machine that is less busy; {tail}"
            )
        time.sleep(0.1)


def _log_file() -> Path:
    return locations.prefect_home() / LOG


def _end_with_parent() -> None:
    """End this process when standard input closes, after what it has received is recorded."""
    while os.read(0, 4096):
        pass
    time.sleep(LAST_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(KILL_SECONDS)
    os._exit(0)


def main() -> None:
    """Entry point of the server's process: `<port>`."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import uvicorn

    factory = "prefect.server.api.server:create_app"
    port = int(sys.argv[1])
    uvicorn.run(factory, factory=True, host="127.0.0.1", port=port, log_level="error", lifespan="on")


if __name__ == "__main__":
    main()
