"""A search killed at random moments ends as one that was not; two workers are kept busy."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.learning.search.config import Search
from tasks.learning.search.study import Study
from tasks.learning.search.trials import Trial
from tests.flows import toy_search
from tests.flows.podium_runs import ROOT, environment

TRIALS, KILLS, STEPS = 30, 5, 12

pytestmark = [pytest.mark.slow, pytest.mark.server]


def places(folder: Path, name: str, *, epoch_seconds: float) -> dict[str, str]:
    return {
        **environment(folder, store=name),
        "CUDA_VISIBLE_DEVICES": "",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        toy_search.SECONDS: str(epoch_seconds),
    }


def start(folder: Path, own: dict[str, str], **settings: Any) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "tests.flows.toy_search", str(folder), json.dumps(settings)]
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(words, cwd=ROOT, env=own, start_new_session=True, **options)


def finish(process: "subprocess.Popen[str]") -> dict[str, Any]:
    output = process.communicate(timeout=1200)[0]
    assert process.returncode == 0, output
    summary: dict[str, Any] = json.loads(output.splitlines()[-1])
    return summary


def kill_after(process: "subprocess.Popen[str]", seconds: float) -> bool:
    """Kill -9 so long after the first epoch; whether it was still at work."""
    assert process.stdout is not None
    for line in process.stdout:
        if " epoch " in line:
            break
    time.sleep(seconds)
    was_at_work = process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return was_at_work


def trials(own: dict[str, str], study: str, monkeypatch: pytest.MonkeyPatch) -> list[Trial]:
    monkeypatch.setenv("PODIUM_STORE", own["PODIUM_STORE"])
    return Study(Search(study=study), competition="toy", steps=STEPS).trials()


def noted(own: dict[str, str], what: str) -> list[str]:
    """What it was, begin and end of all that ended well."""
    lines = Path(own["PODIUM_STORE"] + ".busy").read_text().splitlines()
    return [line for line in lines if line.startswith(what)]


def trainings(own: dict[str, str]) -> list[str]:
    return noted(own, "tasks.train:child")


def test_kills_change_nothing(tmp_path, prefect_server, monkeypatch):
    toy_search.write(tmp_path / "data")
    whole = places(tmp_path, "whole", epoch_seconds=0.02)
    killed = places(tmp_path, "killed", epoch_seconds=0.02)
    settings = {"trials": TRIALS, "workers": 1, "seed": 3}
    expected = finish(start(tmp_path, whole, study="whole", **settings))
    drawn, kills = random.Random(1), 0
    while kills < KILLS:
        kills += kill_after(start(tmp_path, killed, study="killed", **settings), drawn.uniform(0.1, 5))
    found = finish(start(tmp_path, killed, study="killed", **settings))

    same = [trials(own, name, monkeypatch) for own, name in ((whole, "whole"), (killed, "killed"))]
    assert [trial._replace(seconds=None) for trial in same[1]] == [
        trial._replace(seconds=None) for trial in same[0]
    ]
    assert len(same[1]) == TRIALS
    assert {trial.state for trial in same[1]} == {"complete", "pruned"}
    assert (found["best"], found["score"]) == (expected["best"], expected["score"])
    assert 0 <= len(trainings(killed)) - len(trainings(whole)) <= KILLS

    again = finish(start(tmp_path, killed, study="killed", **settings))
    assert again["trials"] == found["trials"]
    assert len(trainings(killed)) - len(trainings(whole)) <= KILLS


def test_two_workers_are_busy(tmp_path, prefect_server):
    toy_search.write(tmp_path / "data")
    own = places(tmp_path, "busy", epoch_seconds=0.4)
    summary = finish(start(tmp_path, own, study="busy", trials=8, workers=2, pruner="none"))
    assert summary["trials"] == {"complete": 8}
    lines = [line.split() for line in noted(own, "slot")]
    spans = sorted((float(began), float(ended)) for _, began, ended in lines)
    # at the very end one worker has nothing left to do
    last_start = spans[-1][0]
    busy = sum(min(ended, last_start) - began for began, ended in spans)
    share = busy / (2 * (last_start - spans[0][0]))
    print(f"{len(spans)} uses of slots, two workers busy {share:.1%}")
    assert share >= 0.9
