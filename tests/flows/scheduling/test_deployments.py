"""Presets as deployments: their forms and schedules, and what surrounds a deployed flow."""

import asyncio
import json
import logging
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psutil
import pytest

from flows.scheduling import deployments, notifications
from flows.scheduling.deployments import prefect_deployment, prefect_schedule
from flows.scheduling.entrypoint import (
    BUSY,
    change_summary,
    deployment_flow,
    deployment_lock,
    prediction_flow,
)
from flows.scheduling.schedule_file import (
    DeploymentSpec,
    Prediction,
    Schedule,
    ScheduleFile,
    deployment_name,
    deployment_specs,
    prediction_specs,
)
from flows.scheduling.serve import OwnFlowsRunner
from flows.scheduling.server_schedules import _next
from tasks.core import locations
from tasks.core.competition import competition_names
from tasks.core.errors import InvalidSettings
from tasks.core.settings.resolve import config_class

ROOT = Path(__file__).resolve().parents[3]
NIGHTLY = Schedule(competition="dogs", preset="demo", cron="0 3 * * *", timezone="Europe/Berlin")
EVERY = Schedule(competition="dogs", preset="demo", every="6h", timezone="Europe/Berlin")
SPECS = deployment_specs(ScheduleFile(schedules=(NIGHTLY, EVERY)), root=locations.presets_folder())


def demo(competition: str) -> DeploymentSpec:
    return next(each for each in SPECS if (each.competition, each.preset) == (competition, "demo"))


# What is registered


def test_every_preset_of_every_competition_becomes_a_deployment() -> None:
    files = {(path.parent.name, path.stem) for path in (ROOT / "conf").glob("*/*.toml")}
    assert {(each.competition, each.preset) for each in SPECS} == files
    assert {each.config.run.name for each in SPECS} == {preset for _, preset in files}


def test_competitions_can_be_chosen_and_misspelt() -> None:
    assert {each.competition for each in deployment_specs(ScheduleFile(), ["dogs"])} == {"dogs"}
    with pytest.raises(InvalidSettings, match=r"received 'dgos' \(did you mean dogs\?\)"):
        deployment_specs(ScheduleFile(), ["dgos"])


@pytest.mark.parametrize("competition", competition_names())
def test_a_form_holds_the_settings_of_its_preset_and_explains_each(competition: str) -> None:
    each = demo(competition)
    made = prefect_deployment(each)
    assert config_class(competition).model_validate(made.parameters["config"]) == each.config
    schema = made._parameter_openapi_schema.model_dump()
    assert list(schema["properties"]) == ["config"]
    fields = {
        f"{model}.{name}": field
        for model, table in schema["definitions"].items()
        for name, field in table.get("properties", {}).items()
    }
    assert [
        name for name, field in fields.items() if "description" not in field and "$ref" not in field
    ] == []


@pytest.mark.parametrize("competition", competition_names())
def test_a_deployment_names_a_flow_that_can_be_found(competition: str) -> None:
    from prefect.flows import load_flow_from_entrypoint

    entrypoint = prefect_deployment(demo(competition)).entrypoint
    assert entrypoint == f"flows.scheduling.entrypoint.{competition}"
    assert load_flow_from_entrypoint(entrypoint) is deployment_flow(competition)


def test_each_competition_has_a_deployment_that_answers_other_test_files() -> None:
    from prefect.flows import load_flow_from_entrypoint

    hourly = Prediction(competition="nl2sql", submission="best", set=("data.root=~/b",), name="b", every="1h")
    specs = prediction_specs(ScheduleFile(predictions=(hourly,)))
    names = {f"{each.flow}/{deployment_name(each)}" for each in specs}
    assert names == {*(f"predict/{name}" for name in competition_names()), "predict/nl2sql-b"}
    made = {each.preset: prefect_deployment(each) for each in specs}
    assert made["nl2sql-b"].parameters == hourly.parameters
    assert [each.schedule.interval for each in made["nl2sql-b"].schedules or []] == [timedelta(hours=1)]
    assert not made["dogs"].schedules
    schema = made["dogs"]._parameter_openapi_schema.model_dump()
    assert list(schema["properties"]) == ["competition", "submission", "overrides", "name"]
    assert made["dogs"].entrypoint == "flows.scheduling.entrypoint.predict"
    assert load_flow_from_entrypoint(made["dogs"].entrypoint) is prediction_flow()


def test_a_paused_schedule_stays_paused() -> None:
    made = prefect_deployment(demo("dogs"), paused=[NIGHTLY.timing])
    assert {(each.slug, each.active) for each in made.schedules or []} == {
        (NIGHTLY.timing, False),
        (EVERY.timing, True),
    }


def test_schedules_keep_their_time_zone_and_intervals_do_not_move_with_restarts() -> None:
    nightly, every = prefect_schedule(NIGHTLY), prefect_schedule(EVERY)
    assert (nightly.cron, nightly.timezone) == ("0 3 * * *", "Europe/Berlin")
    assert (every.interval, every.timezone) == (timedelta(hours=6), "Europe/Berlin")
    assert every.anchor_date.astimezone(UTC) == datetime(2023, 12, 31, 23, tzinfo=UTC)


def test_the_header_of_a_preset_is_text_in_the_ui() -> None:
    made = prefect_deployment(demo("dogs")._replace(header="# One *two*\n[x](javascript:y) <b>"))
    assert made.description == "\\# One \\*two\\*\\\n\\[x\\](javascript:y) &lt;b&gt;"


def test_workers_find_the_code_in_this_folder_and_never_meet_podium_serve() -> None:
    made = prefect_deployment(demo("dogs"), pool="cards")
    assert (made.name, made.work_pool_name) == ("demo@cards", "cards")
    assert made.storage is not None
    assert str(ROOT) in json.dumps(made.storage.to_pull_step())
    assert made.job_variables["env"]["PREFECT_LOGGING_EXTRA_LOGGERS"] == "podium"
    assert not [name for name in deployments.RUN_SETTINGS if "SERVER" in name]


def test_a_served_run_is_of_our_code_whatever_its_deployment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """`test_serve.py`, which is slow, changes deployments on a real server."""

    async def starts(runner: Any) -> None:
        runner._scheduled_run_poller = SimpleNamespace()

    monkeypatch.setattr("prefect.runner.Runner.__aenter__", starts)
    runner, id = OwnFlowsRunner(name="test"), uuid4()
    runner.flows = {id: "dogs"}
    asyncio.run(runner.__aenter__())
    starter = runner._scheduled_run_poller._resolve_starter(SimpleNamespace(deployment_id=id))
    assert starter._entrypoint == "flows.scheduling.entrypoint.dogs"
    assert (starter._command, starter._storage) == (None, None)
    assert runner._deployment_registry.get_flow(id) is deployment_flow("dogs")  # for hooks
    with pytest.raises(KeyError):
        runner._scheduled_run_poller._resolve_starter(SimpleNamespace(deployment_id=uuid4()))


# What surrounds the flow


def test_of_two_runs_of_a_deployment_one_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "one")
    with deployment_lock() as first, deployment_lock() as second:
        monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "other")
        with deployment_lock() as other:
            assert (first, second, other) == (True, False, True)
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "one")
    with deployment_lock() as again:
        assert again


def test_the_last_message_says_what_changed(tmp_path: Path) -> None:
    file = tmp_path / "submission" / "answers.txt"
    file.parent.mkdir()
    file.touch()
    result = {"submission": str(file), "score": {"name": "accuracy", "value": 0.5, "standard_error": 0.25}}
    cached, ran = {"key": "a", "state": "cached"}, {"key": "b", "state": "ran"}
    always = {"key": None, "state": "ran"}
    later = time.time() + 1
    assert change_summary(result, [cached, {**cached, "key": "c"}, always], began=later) == (
        f"Nothing changed: all 2 steps were cached; {file.parent} accuracy 0.5000 ± 0.2500"
    )
    assert change_summary(result, [cached, ran, always], began=later).startswith("1 of 2 steps ran; ")
    retried = [cached, ran, always, cached, {**ran, "state": "cached"}, always]
    assert change_summary(result, retried, began=later).startswith("1 of 2 steps ran; ")
    assert change_summary(result, [cached, always], began=0).startswith("0 of 1 steps ran; ")


def test_no_next_time_of_a_schedule_is_in_the_past() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    soon, late = now + timedelta(minutes=5), now - timedelta(hours=1)
    assert datetime.fromisoformat(_next(soon, now, pool=None)) == soon
    assert _next(late, now, pool=None) == "overdue: waits for podium serve"
    assert _next(late, now, pool="boxes") == "overdue: waits for a worker of boxes"


ENDS = """
import signal, subprocess
from flows.scheduling.entrypoint import ending_children_with_run

def reports(number, frame):
    raise SystemExit(7)  # as Prefect's handler does

signal.signal(signal.SIGTERM, reports)
with ending_children_with_run():
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print(child.pid, flush=True)
    child.wait()
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ENDS!r}])"


def ended(pid: int, *, seconds: float = 60) -> bool:
    try:
        psutil.Process(pid).wait(seconds)
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        return not psutil.pid_exists(pid)
    return True


@pytest.mark.parametrize("code", [ENDS, PARENT], ids=["terminated", "lost its runner"])
def test_a_run_that_is_terminated_or_loses_its_runner_ends_its_children(code: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        if code is ENDS:
            process.send_signal(signal.SIGINT)  # Ctrl-C is handled by the parent process
            time.sleep(0.5)
            assert psutil.pid_exists(child)
            process.terminate()
            assert process.wait(60) == 7
        else:
            process.kill()
        assert ended(child)


# Which command is notified


class State(SimpleNamespace):
    """As much of Prefect's as a hook sees."""

    def is_completed(self) -> bool:
        return self.name in ("Completed", "Skipped")

    def is_cancelling(self) -> bool:
        return bool(self.name == "Cancelling")

    def result(self, raise_on_failure: bool) -> Any:
        return None if self.name == "Skipped" else {"submission": "answers.txt", "score": {"value": 0.5}}


def end(name: str, message: str, config: Any = None) -> None:
    config = {"run": {"name": "demo"}} if config is None else config
    run = SimpleNamespace(name="demo", id="1", start_time=None, parameters={"config": config})
    state = State(name=name, message=message, timestamp=datetime(2026, 1, 1, tzinfo=UTC))
    notifications.notify(SimpleNamespace(name="dogs"), run, state)


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(locations, "presets_folder", lambda: tmp_path)
    return tmp_path


def configure(conf: Path, command: str, *, unchanged: bool = False) -> None:
    flag = str(unchanged).lower()
    (conf / "schedules.toml").write_text(f"[notify]\ncommand = {json.dumps(command)}\nunchanged = {flag}\n")


@pytest.mark.parametrize("config", [{"folds": {"count": 3}}, {"run": {}}, {"run": None}], ids=str)
def test_a_run_whose_settings_leave_out_its_name_is_notified_too(conf: Path, config: Any) -> None:
    configure(conf, f"cat >> {conf / 'notified'}")
    end("Completed", "3 of 4 steps ran", config)
    assert json.loads((conf / "notified").read_text())["preset"] == "run"


def test_a_command_is_notified_of_a_run_that_ended(conf: Path) -> None:
    configure(conf, f"cat >> {conf / 'notified'}")
    end("Completed", "3 of 4 steps ran")
    facts = json.loads((conf / "notified").read_text())
    assert facts["competition"] == "dogs"
    assert facts["preset"] == "demo"
    assert facts["changed"]
    assert facts["submission"] == "answers.txt"
    assert facts["ended"] == "2026-01-01T00:00:00+00:00"
    (conf / "notified").unlink()
    end("Cancelling", "Flow run was cancelled.")
    facts = json.loads((conf / "notified").read_text())
    assert (facts["state"], facts["submission"]) == ("Cancelled", None)


@pytest.mark.parametrize("unchanged", [False, True])
@pytest.mark.parametrize(
    ("state", "message"), [("Completed", "Nothing changed: all 4 steps were cached"), ("Skipped", BUSY)]
)
def test_runs_that_changed_nothing_are_notified_only_if_wanted(
    conf: Path, unchanged: bool, state: str, message: str
) -> None:
    configure(conf, f"touch {conf / 'notified'}", unchanged=unchanged)
    end(state, message)
    assert (conf / "notified").exists() == unchanged


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("echo no such address >&2; exit 3", "notify.command ended with code 3: no such address"),
        ("sleep 60", "no command was notified of this run: Command"),
    ],
)
def test_a_command_that_fails_is_only_logged(
    conf: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, command: str, message: str
) -> None:
    monkeypatch.setattr(notifications, "TIMEOUT_SECONDS", 0.5)
    configure(conf, command)
    with caplog.at_level(logging.WARNING, "podium"):
        end("Failed", "it failed")
    assert message in caplog.text


def test_a_file_with_an_error_is_only_logged(conf: Path, caplog: pytest.LogCaptureFixture) -> None:
    (conf / "schedules.toml").write_text("[notfy]\n")
    with caplog.at_level(logging.WARNING, "podium"):
        end("Failed", "it failed")
    assert "schedules.toml:1: notfy: unknown key" in caplog.text


def test_without_a_file_no_command_is_notified(conf: Path) -> None:
    assert not (conf / "schedules.toml").exists()
    end("Completed", "3 of 4 steps ran")
