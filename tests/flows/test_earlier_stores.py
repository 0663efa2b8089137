"""Stores that an earlier version has filled, whose records name modules that no longer exist."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.budget.plan import Planner
from tasks.core.cache.digests import digest_of_json
from tasks.core.cache.file_kinds import FORMAT
from tasks.core.cache.lineage import Lineage
from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Settings
from tasks.core.context import recorded_by
from tasks.core.step import step
from tasks.core.submissions.cache_eviction import clean


class Recipe(Settings):
    name: str = "small"


@step(label="train {recipe.name} fold {fold}")
def train(recipe: Recipe, fold: int) -> Artifact:
    return stored("new weights")


def stored(text: str) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "model.weights.h5").write_text(text)
        return store.keep("model", folder)


@pytest.fixture
def earlier() -> Artifact:
    """An artifact with the record that a version before the modules moved wrote for this very call."""
    inputs, libraries = {"recipe": {"name": "small"}, "fold": 0}, {"keras": "3.15.0"}
    code = {"tasks.learning.fitting": "0" * 64, "tasks.train": "1" * 64}
    key = digest_of_json([FORMAT, "train", inputs, code, libraries])
    artifact = stored("old weights")
    record = {
        "key": key,
        "label": "train small fold 0",
        "step": "train",
        "inputs": inputs,
        "code": code,
        "libraries": libraries,
        "result": artifact.model_dump(),
        "seconds": 12.345,
        "worked": 11.0,
        "finished": (datetime.now(UTC) - timedelta(days=40)).isoformat(timespec="seconds"),
    }
    Store.current().write_record(key, record)
    return artifact


def test_an_earlier_record_is_never_a_hit(earlier: Artifact) -> None:
    outcome = train.execute(train.bind(Recipe(), 0))
    assert outcome.state == "ran"
    assert outcome.result != earlier


def test_a_plan_says_why_the_step_runs_and_how_long(earlier: Artifact) -> None:
    planner = Planner(Store.current())
    with recorded_by(planner):
        train.submit(Recipe(), 0)
    (planned,) = planner.steps
    assert planned.state == "run"
    assert planned.seconds == 11.0
    assert planned.reason.startswith("code of ")
    assert "changed" in planned.reason


def test_its_lineage_is_found(earlier: Artifact) -> None:
    records = Lineage(Store.current().records()).ancestors(earlier.name)
    assert [record["label"] for record in records] == ["train small fold 0"]


def test_its_artifact_and_record_are_evicted(earlier: Artifact, tmp_path: Path) -> None:
    store = Store.current()
    report = clean(
        store, older_than=timedelta(days=30), keep_best=1, submissions=tmp_path / "none", dry_run=False
    )
    assert report.removed == [f"artifacts/{earlier.name}"]
    assert list(store.records()) == []
