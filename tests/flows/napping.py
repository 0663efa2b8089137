"""A checkout whose only competition sleeps in a child process, to test `podium serve` on a real server."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

CONFIG = '''"""Settings of the nap."""

from tasks.core.config import ContentsPath, RawData, Run, Settings


class Data(RawData):
    """Where the bed is."""

    root: ContentsPath = "bed"
    """Folder with the bed."""

    def files_of(self, part: str) -> tuple[str, ...]:
        """Nothing is read from there."""
        return ()


class Config(Settings):
    """How long to sleep."""

    data: Data = Data()
    seconds: float = 0.0
    """Length of the sleep."""
    run: Run = Run()
'''

STEPS = '''"""Steps of the nap."""

import time
from pathlib import Path

from tasks.core import locations as places
from tasks.core.execution import child_messages, child_process
from tasks.core.execution.slots import slot
from tasks.core.step import step
from tasks.core.cache.store import Artifact, Store
from tasks.nap.config import Data


@step(label="sleep {seconds}", retries=2)
def sleep(seconds: float, data: Data) -> Artifact:
    store = Store.current()
    with slot(), store.new_folder() as folder:
        child_process.run("tasks.nap.steps:child", {"seconds": seconds, "folder": str(folder)}, label="sleep")
        return store.keep("nap", folder)


@step(cached=False, label="wake")
def wake(slept: Artifact, name: str) -> dict:
    file = places.submissions_folder() / "nap" / name / "answer.txt"
    if not file.exists() or file.read_text() != slept.name:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(slept.name)
    return {"submission": str(file), "score": None}


def child(job: dict) -> None:
    (Path(job["folder"]) / "half").write_text("half")
    child_messages.send("asleep")
    time.sleep(job["seconds"])
    (Path(job["folder"]) / "half").write_text("whole")
'''

FLOW = '''"""DAG: bed -> rest."""

from prefect import flow

from flows.runtime.await_steps import await_steps
from tasks.nap.config import Config
from tasks.nap.steps import sleep, wake


@flow(name="nap", description="Sleep a while.")
@await_steps
def nap(config: Config):
    return wake.submit(sleep.submit(config.seconds, config.data), config.run.name)
'''


def checkout(folder: Path) -> Path:
    """A copy of the code in which `nap` is the only competition, with the presets `short` and `long`."""
    for package in ("flows", "tasks"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pyproject.toml").touch()
    for competition in (folder / "tasks").glob("*/competition.py"):
        if competition.parent.name != "core":
            competition.unlink()
    files = {
        "tasks/nap/__init__.py": "",
        "tasks/nap/competition.py": "",
        "tasks/nap/config.py": CONFIG,
        "tasks/nap/steps.py": STEPS,
        "flows/nap.py": FLOW,
        "conf/nap/short.toml": "# Over at once.\n",
        "conf/nap/long.toml": "# Never over.\nseconds = 600.0\n",
        "bed/pillow": "soft",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


class Served:
    """`podium serve` in a process of its own, with a server of its own."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/api"
        self.log = folder / "serve.log"
        self.places = {
            "PYTHONPATH": str(folder),
            "PREFECT_HOME": str(folder / "prefect"),
            "PODIUM_STORE": str(folder / "store"),
            "PODIUM_SUBMISSIONS": str(folder / "submissions"),
            "PODIUM_SLOT_FOLDER": str(folder / "slots"),
            "PODIUM_SLOTS": "1",
        }
        self._port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return when runs are started."""
        start = self.log.stat().st_size if self.log.exists() else 0
        code = "from flows.commands import serving; from flows.console import with_exit_codes"
        command = f"{code}; with_exit_codes(serving.serve)(port={self._port}, limit=4)"
        with self.log.open("ab") as log:
            self.process = self.python(command, stdout=log, stderr=log)
        self.wait(lambda: b"runs are started from here" in self.log.read_bytes()[start:], seconds=300)

    def python(self, code: str, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", code], cwd=self.folder, env={**os.environ, **self.places}, **options
        )

    def command(self, call: str) -> str:
        """Run a command of `flows.commands.serving`; returns its output."""
        code = f"import flows.commands.serving; {call}"
        with self.python(code, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            printed, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
        return printed.decode()

    def stop(self, number: int) -> int:
        """Send a signal, and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code, self.process = self.process.wait(120), None
        return code

    def close(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
        self.python("from flows.runtime import local_server as server; server.stop(print)").wait()

    def wait(self, condition: Callable[[], Any], *, seconds: float = 150) -> Any:
        """The condition's value as soon as it is true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.3)
        raise AssertionError(f"waited {seconds} s without success\n{self.log.read_text()}")

    def request(self, path: str, body: Any = None, *, method: str | None = None, string: str = "") -> Any:
        """What the server answers to this authentication string, by default its own."""
        data = None if body is None else json.dumps(body).encode()
        string = string or (self.folder / "prefect/auth-string").read_text().strip()
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Basic {b64encode(string.encode()).decode()}",
        }
        message = urllib.request.Request(f"{self.url}/{path}", data, headers, method=method)
        while True:
            try:
                with urllib.request.urlopen(message, timeout=60) as response:
                    return json.loads(response.read() or b"null")
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 503:  # its database is busy
                    raise
                time.sleep(1)

    def runs(self, preset: str, **state: Any) -> list[dict[str, Any]]:
        """Runs of a deployment, newest first."""
        body: dict[str, Any] = {"deployments": {"name": {"any_": [preset]}}, "sort": "START_TIME_DESC"}
        if state:
            body["flow_runs"] = {"state": {"type": {"any_": [state["type"]]}}}
        found: list[dict[str, Any]] = self.request("flow_runs/filter", body)
        return found

    def start_run(self, preset: str, **parameters: Any) -> str:
        """Start a run as the UI does, with the values of its form."""
        deployment = self.request(f"deployments/name/nap/{preset}")
        body = {"parameters": parameters} if parameters else {}
        return str(self.request(f"deployments/{deployment['id']}/create_flow_run", body)["id"])

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.request(f"flow_runs/{run}")["state"])

    def set_state(self, run: str, **state: Any) -> None:
        self.request(f"flow_runs/{run}/set_state", {"state": state, "force": False})

    def ended(self, run: str) -> dict[str, Any]:
        """The final state of a run, as soon as it has one."""
        last = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")
        found = self.wait(lambda: (state := self.state(run))["type"] in last and state)
        return dict(found)


def sleepers(folder: Path) -> list[int]:
    """Ids of this checkout's sleeping processes."""
    from psutil import Error, process_iter

    found = []
    for process in process_iter():
        try:
            if process.cwd() == str(folder) and "tasks.nap.steps:child" in process.cmdline():
                found.append(process.pid)
        except Error:
            continue
    return found
