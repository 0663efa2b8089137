"""`podium serve` on a real server: schedules, and runs that are started, cancelled, retried and missed."""

import json
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from filelock import FileLock, Timeout

from tests.flows.napping import Served, checkout, sleepers

pytestmark = [pytest.mark.slow, pytest.mark.server]

SCHEDULES = """
[notify]
command = "cat >> notified.jsonl; echo >> notified.jsonl"
unchanged = true

[[schedules]]
competition = "nap"
preset = "short"
cron = "* * * * *"
timezone = "Europe/Berlin"
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Running for all tests of this file; each test leaves it running."""
    folder = checkout(tmp_path_factory.mktemp("checkout"))
    (folder / "conf/schedules.toml").write_text(SCHEDULES)
    running = Served(folder, port=free_port())
    try:
        running.start()
        yield running
    finally:
        running.close()


def notifications(served: Served, run: str) -> list[dict[str, Any]]:
    """The facts of a run that the command was given."""
    lines = (served.folder / "notified.jsonl").read_text().splitlines()
    return [facts for line in lines if line and (facts := json.loads(line))["id"] == run]


def scheduled(served: Served, *, state: str) -> list[dict[str, Any]]:
    return [run for run in served.runs("short", type=state) if run["auto_scheduled"]]


def asleep(served: Served) -> str:
    """Start a run that does not end by itself, and wait until its child sleeps."""
    run = served.start_run("long")
    served.wait(lambda: sleepers(served.folder))
    return run


def nothing_is_left(served: Served) -> bool:
    """No process, no slot, no half artifact."""
    try:
        with FileLock(served.folder / "slots/cpu-0.lock").acquire(timeout=1):
            temporary = list((served.folder / "store/temporary").iterdir())
    except Timeout:
        return False
    return not sleepers(served.folder) and not temporary


def test_a_schedule_fires_each_minute_and_a_run_without_news_says_so(served: Served) -> None:
    first, second = served.wait(
        lambda: len(found := scheduled(served, state="COMPLETED")) > 1 and found[1::-1], seconds=240
    )
    assert second["state"]["message"].startswith("Nothing changed: all 1 steps were cached; ")
    assert second["name"].startswith("short 20")
    assert notifications(served, first["id"])[0]["changed"]
    assert not notifications(served, second["id"])[0]["changed"]


def test_of_overlapping_runs_the_later_is_skipped_and_a_cancelled_one_leaves_nothing(served: Served) -> None:
    run = asleep(served)
    other = served.ended(served.start_run("long"))
    assert (other["type"], other["name"]) == ("COMPLETED", "Skipped")
    assert other["message"].startswith("An earlier run of this deployment is still running")
    assert served.state(run)["type"] == "RUNNING"
    served.set_state(run, type="CANCELLING")
    assert served.ended(run)["type"] == "CANCELLED"
    assert nothing_is_left(served)
    assert [facts["state"] for facts in notifications(served, run)] == ["Cancelled"]


def test_a_failed_run_names_the_error_and_can_be_retried(served: Served) -> None:
    bed = served.folder / "bed"
    bed.rename(served.folder / "away")
    run = served.start_run("short")
    failed = served.ended(run)
    (served.folder / "away").rename(bed)
    assert failed["type"] == "FAILED"
    assert "data.root: expected a file or folder that exists, received 'bed'" in failed["message"]
    served.set_state(run, type="SCHEDULED", name="AwaitingRetry")
    served.wait(lambda: served.state(run)["type"] == "COMPLETED")
    assert [facts["state"] for facts in notifications(served, run)] == ["Failed", "Completed"]


def test_a_form_may_change_settings_within_their_bounds(served: Served) -> None:
    deployment = served.request("deployments/name/nap/short")
    config = deployment["parameters"]["config"]
    run = served.start_run("short", config={**config, "seconds": 0.25})
    assert served.ended(run)["message"].startswith("1 of 1 steps ran; ")
    with pytest.raises(OSError, match="409"):
        served.start_run("short", config={**config, "seconds": "long"})


def test_a_killed_runner_leaves_no_run_and_of_missed_ones_the_newest_runs(served: Served) -> None:
    run = asleep(served)
    assert served.process is not None
    served.process.kill()
    served.process.wait()
    served.wait(lambda: nothing_is_left(served))
    assert served.ended(run)["type"] == "CRASHED"
    served.wait(lambda: len(late(served)) > 2, seconds=300)
    newest, *missed = late(served)
    served.start()
    states = [served.ended(each["id"]) for each in missed]
    assert {state["type"] for state in states} == {"CANCELLED"}
    assert {state["message"].partition(":")[0] for state in states} == {"Missed"}
    served.wait(lambda: last_completed(served) >= newest["expected_start_time"])


def test_pausing_outlives_a_restart(served: Served) -> None:
    schedules = "flows.commands.serving"
    served.command(f"{schedules}.pause(['nap/short'])")
    assert "paused" in served.command(f"{schedules}.list_()")
    assert served.stop(signal.SIGTERM) == 0
    assert served.request("deployments/name/nap/short")["paused"]
    served.start()
    deployment = served.request("deployments/name/nap/short")
    assert not deployment["paused"]
    assert [schedule["active"] for schedule in deployment["schedules"]] == [False]
    served.command(f"{schedules}.resume([])")
    assert served.request("deployments/name/nap/short")["schedules"][0]["active"]


def test_ctrl_c_cancels_what_runs_and_pauses_what_is_scheduled(served: Served) -> None:
    run = asleep(served)
    assert served.stop(signal.SIGINT) == 0
    assert served.state(run)["type"] == "CANCELLED"
    assert nothing_is_left(served)
    assert served.request("deployments/name/nap/short")["paused"]
    assert scheduled(served, state="SCHEDULED") == []
    served.start()


def last_completed(served: Served) -> str:
    """When the last run of a schedule was due that came to a good end."""
    return max(str(run["expected_start_time"]) for run in scheduled(served, state="COMPLETED"))


def late(served: Served) -> list[dict[str, Any]]:
    """Overdue runs, the newest first."""
    runs = [run for run in scheduled(served, state="SCHEDULED") if run["state"]["name"] == "Late"]
    return sorted(runs, key=lambda run: str(run["expected_start_time"]), reverse=True)


def test_who_can_change_a_deployment_can_run_no_code(served: Served) -> None:
    """Entry point, pull steps, path and command are the runner's own, for runs and for their hooks."""
    hacked = served.folder / "hacked"
    (served.folder / "hack.py").write_text(f"open({str(hacked)!r}, 'w')")
    script = {"prefect.deployments.steps.run_shell_script": {"script": f"touch {hacked}"}}
    changes = {
        "entrypoint": f"{served.folder / 'hack.py'}:nap",
        "path": str(served.folder),
        "pull_steps": [script],
        "job_variables": {"command": f"touch {hacked}", "env": {"BASH_ENV": str(hacked)}},
    }
    for preset in ("short", "long"):
        deployment = served.request(f"deployments/name/nap/{preset}")
        served.request(f"deployments/{deployment['id']}", changes, method="PATCH")
        changed = served.request(f"deployments/name/nap/{preset}")
        assert (changed["entrypoint"], changed["pull_steps"]) == (changes["entrypoint"], [script])
    assert served.ended(served.start_run("short"))["type"] == "COMPLETED"
    run = asleep(served)
    served.set_state(run, type="CANCELLING")
    assert served.ended(run)["type"] == "CANCELLED"
    assert [facts["state"] for facts in notifications(served, run)] == ["Cancelled"]
    assert not hacked.exists()


def test_without_the_string_of_the_server_nothing_is_shown_or_changed(served: Served) -> None:
    deployment = served.request("deployments/name/nap/short")
    for path, body in (("deployments/name/nap/short", None), (f"deployments/{deployment['id']}", {})):
        with pytest.raises(OSError, match="401"):
            served.request(path, body, method="GET" if body is None else "PATCH", string="podium:guessed")


def test_a_worker_runs_our_flow_without_what_its_deployment_adds_and_refuses_another(served: Served) -> None:
    served.command("flows.commands.serving.deploy(pool='boxes')")
    hacked = served.folder / "hacked-worker"
    added = {
        "pull_steps": [{"prefect.deployments.steps.run_shell_script": {"script": f"touch {hacked}"}}],
        "job_variables": {"command": f"touch {hacked}", "env": {"PYTHONPATH": "/nowhere"}},
    }
    (served.folder / "hack.py").write_text(f"open({str(hacked)!r}, 'w')")
    ours = served.request("deployments/name/nap/short@boxes")
    served.request(f"deployments/{ours['id']}", added, method="PATCH")
    other = served.request("deployments/name/nap/long@boxes")
    changes = {**added, "entrypoint": f"{served.folder / 'hack.py'}:nap"}
    served.request(f"deployments/{other['id']}", changes, method="PATCH")
    with (served.folder / "worker.log").open("ab") as log:
        code = "import flows.commands.serving as s; s.worker(pool='boxes', limit=1)"
        worker = served.python(code, stdout=log, stderr=log)
    try:
        refused, done = (served.start_run(f"{name}@boxes") for name in ("long", "short"))
        assert served.ended(refused)["message"].startswith("Refused: entrypoint: expected one of flows.")
        assert served.ended(done)["type"] == "COMPLETED"
    finally:
        worker.kill()
        worker.wait()
    assert not hacked.exists()
