"""A store that the version of 30 November 2026 has filled: its results are used, or a plan says why not.

`earlier_store/` holds the records and manifests of a run of extraction's demo on a few sentences, and these
sentences. Of the artifacts themselves only size and time are needed, by which files are known to be whole.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.budget.plan import Pending, PlannedStep, Planner, plan
from flows.runtime.registry import find_flow
from tasks.core.cache.store import Artifact, Store
from tasks.core.context import recorded_by
from tasks.core.settings.resolve import resolve
from tasks.core.step import Step
from tests.core.stored_records import rekeyed
from tests.flows.podium_runs import EXTRACTION

EARLIER = Path(__file__).parent / "earlier_store"
RECORDS = [json.loads(path.read_text("utf-8")) for path in sorted((EARLIER / "steps").glob("*.json"))]
KEPT = {record["label"] for record in RECORDS}
NEVER_RAN = "never ran"


@pytest.fixture
def store() -> Store:
    """The earlier store, whose artifacts are empty files of the right sizes and times."""
    store = Store.current()
    for folder in ("steps", "artifacts"):
        shutil.copytree(EARLIER / folder, store.root / folder)
    for path in (store.root / "artifacts").glob("*.json"):
        for name, entry in json.loads(path.read_text("utf-8"))["files"].items():
            file = path.with_suffix("") / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            os.truncate(file, entry["size"])
            os.utime(file, ns=(entry["modified_ns"],) * 2)
    return store


@pytest.fixture
def config() -> Any:
    """The settings of the earlier run, as its command gives them today."""
    settings = {"data.root": EARLIER / "raw", **EXTRACTION}
    pairs = [f"{name}={value}" for name, value in settings.items()]
    return resolve("extraction", preset="demo", overrides=pairs)


class CodeOfToday:
    """A recorder of step calls that writes each earlier record anew, as if today's code had made it.

    Settings that came later have today's values, which are the defaults.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._planner = store, Planner(store)
        self._records = {record["label"]: record for record in RECORDS}

    def call(self, step: Step, arguments: dict[str, Any]) -> Any:
        label = step.label(arguments)
        record = self._records.get(label)
        if record is None or not step.cached or self._planner.is_pending(arguments):
            return Pending(label)
        key = step.key(arguments, self._store)
        inputs = completed(record["inputs"], key.inputs)
        today = rekeyed({**record, "inputs": inputs, "code": key.code, "libraries": key.libraries})
        self._store.write_record(today["key"], today)
        return Artifact.of_record(record)


def completed(earlier: Any, today: Any) -> Any:
    """The earlier value with the keys that only today's has."""
    if not isinstance(earlier, dict) or not isinstance(today, dict):
        return earlier
    return today | {name: completed(value, today.get(name)) for name, value in earlier.items()}


def kept(steps: list[PlannedStep]) -> list[PlannedStep]:
    """Those of the steps of which the earlier store has a record."""
    found = [each for each in steps if each.label in KEPT]
    assert found
    return found


def test_every_record_is_read(store: Store) -> None:
    assert {record["label"] for record in store.records()} == KEPT
    assert all(store.result_of(record) for record in store.records())


def test_each_result_is_used_or_the_plan_says_why_not(store: Store, config: Any) -> None:
    for each in kept(plan("extraction", config)):
        assert each.state in ("cached", "maybe", "run")
        assert each.state == "cached" or each.reason, each
        assert NEVER_RAN not in each.reason, each


def test_results_of_unchanged_code_are_used(store: Store, config: Any) -> None:
    """All but those whose inputs have other contents."""
    with recorded_by(CodeOfToday(store)):
        find_flow("extraction").fn(config)
    for each in kept(plan("extraction", config)):
        assert each.state == "cached" or "contents of" in each.reason, each
