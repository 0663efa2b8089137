"""Notify a command of runs that have ended, as set by `notify` in `conf/schedules.toml`."""

import json
import logging
import subprocess
from typing import Any

from prefect.settings import PREFECT_UI_URL

from flows.scheduling import schedule_file
from tasks.core.config import Run

UNNAMED = Run().name
"""Of a run whose settings leave out its name."""
TIMEOUT_SECONDS = 60
UNCHANGED = "Nothing changed"
"""Beginning of the last message of a run that changed nothing."""
SKIPPED = "Skipped"
"""State of a run that did nothing because an earlier run was still running."""

log = logging.getLogger("podium")


def notify(flow: Any, flow_run: Any, state: Any) -> None:
    """Hook of a Prefect flow that notifies the command; an error is logged and does not fail the run."""
    try:
        settings = schedule_file.read().notify
        facts = run_facts(flow, flow_run, state)
        if settings.command and (facts["changed"] or settings.unchanged):
            run(settings.command, facts)
    except Exception as error:
        log.warning("no command was notified of this run: %s", error)


def run_facts(flow: Any, flow_run: Any, state: Any) -> dict[str, Any]:
    """Facts of a run that has ended, as JSON: names, state, message, submission, score, ISO times, URL."""
    result = _result(state)
    competition, preset = _names(flow, flow_run.parameters)
    return {
        "competition": competition,
        "preset": preset,
        "run": flow_run.name,
        "id": str(flow_run.id),
        "state": "Cancelled" if state.is_cancelling() else state.name,
        "message": state.message,
        "changed": state.name != SKIPPED and not (state.message or "").startswith(UNCHANGED),
        "submission": result.get("submission"),
        "score": result.get("score"),
        "started": _time(flow_run.start_time),
        "ended": _time(state.timestamp),
        "url": f"{PREFECT_UI_URL.value()}/runs/flow-run/{flow_run.id}",
    }


def _names(flow: Any, parameters: dict[str, Any]) -> tuple[str, str]:
    """The competition, and the name of the preset or of the new submission."""
    if "config" not in parameters:
        return parameters["competition"], parameters.get("name", "predict")
    config = parameters["config"]
    if isinstance(config, dict):  # a form or another program may leave out what has a default
        run = config.get("run")
        return flow.name, str(run.get("name", UNNAMED) if isinstance(run, dict) else UNNAMED)
    return flow.name, config.run.name


def run(command: str, facts: dict[str, Any]) -> None:
    """Run the command with the facts as JSON on its standard input; a failure is logged."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        input=json.dumps(facts, ensure_ascii=False),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it printed nothing"]
        log.warning("notify.command ended with code %d: %s", done.returncode, last[0])


def _result(state: Any) -> dict[str, Any]:
    """What the flow returned; empty if it did not complete."""
    if not state.is_completed():
        return {}
    result = state.result(raise_on_failure=False)
    return result if isinstance(result, dict) else {}


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
