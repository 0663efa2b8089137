"""Tell a command of runs that ended, as `notify` in `conf/schedules.toml` asks."""

import json
import logging
import subprocess
from typing import Any

TIMEOUT_SECONDS = 60
UNCHANGED = "Nothing changed"
"""How the last message of a run begins that had nothing to do."""
SKIPPED = "Skipped"
"""State of a run that did nothing because an earlier one was still at work."""

log = logging.getLogger("podium")


def tell(flow: Any, flow_run: Any, state: Any) -> None:
    """A hook of Prefect's flows. Whatever goes wrong here must not cost the run: it is only logged."""
    from flows.scheduling import schedules

    try:
        notify = schedules.read().notify
        facts = told(flow, flow_run, state)
        if notify.command and (facts["changed"] or notify.unchanged):
            run(notify.command, facts)
    except Exception as error:
        log.warning("nobody was told of this run: %s", error)


def told(flow: Any, flow_run: Any, state: Any) -> dict[str, Any]:
    """What is known of a run that ended, as JSON."""
    from prefect.settings import PREFECT_UI_URL

    result = _result(state)
    config = flow_run.parameters.get("config", {})
    preset = config["run"]["name"] if isinstance(config, dict) else config.run.name
    return {
        "competition": flow.name,
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


def run(command: str, facts: dict[str, Any]) -> None:
    """Run the command with the facts on its standard input; its failure is logged."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        input=json.dumps(facts, ensure_ascii=False),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        log.warning("notify.command ended with code %d: %s", done.returncode, last[0])


def _result(state: Any) -> dict[str, Any]:
    """What the flow returned, where it came so far."""
    if not state.is_completed():
        return {}
    result = state.result(raise_on_failure=False)
    return result if isinstance(result, dict) else {}


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
