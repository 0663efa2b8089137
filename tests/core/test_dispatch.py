"""A step's long part: told to a child in full, in a slot, and kept when it went well."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tasks.core.cache.store import Artifact, Store
from tasks.core.config import Folds, Run, Stage
from tasks.core.dispatch import in_child, read_job
from tasks.core.errors import UserError
from tasks.core.execution import child_process
from tasks.core.execution.slots import slot
from tasks.core.jobs import TrainJob
from tasks.core.step import step
from tests.core.processes import slots_of_processor


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    slots_of_processor(monkeypatch, 1)


def small(text: str) -> Artifact:
    store = Store.current()
    with store.new_folder() as folder:
        (folder / "text").write_text(text)
        return store.keep("dataset", folder)


@step(label="long {name}")
def long(dataset: Artifact, name: str, run: Run) -> Artifact:
    return in_child(
        f"{__name__}:child",
        "result",
        TrainJob,
        competition="toy",
        settings={"folds": Folds(), "stage": Stage(epochs=3)},
        dataset=[dataset],
        seed=7,
        run=run,
        views=[dataset, dataset],
        inputs={"identity": [dataset, dataset]},
        folds=dataset,
        labels=None,
        start=dataset,
        fold=2,
        beside=3,
    )


def child(job: dict[str, Any]) -> None:
    read = read_job(job, TrainJob)
    (read.partial / "checkpoint").write_text("weights")
    if (read.dataset / "text").read_text() == "bad":
        (read.output / "half").write_text("half")
        raise UserError("the text is bad")
    (read.output / "job.json").write_text(json.dumps(job))


def call(text: str = "good", **run: Any) -> Any:
    return long.execute(long.bind(small(text), "one", Run(**run)))


def test_a_child_is_told_folders_settings_and_how_to_work() -> None:
    result = call(data_workers=3, checkpoint_seconds=5).result
    job = json.loads((result.path / "job.json").read_text())
    dataset = str(small("good").path)
    assert job["dataset"] == {"folders": [dataset]}
    assert job["views"] == [dataset, dataset]
    assert job["inputs"] == {"identity": {"folders": [dataset, dataset]}}
    assert job["settings"]["stage"]["epochs"] == 3
    assert (job["folds"], job["labels"], job["start"]) == (dataset, None, dataset)
    assert (job["seed"], job["fold"], job["beside"]) == (7, 2, 3)
    assert (job["data_workers"], job["checkpoint_seconds"]) == (3, 5)
    assert result.kind == "result"


def test_what_a_child_wrote_is_kept_and_its_checkpoints_are_cleared() -> None:
    assert call().state == "ran"
    assert call(workers=9).state == "cached"
    assert list((Store.current().root / "partial").iterdir()) == []
    assert list((Store.current().root / "temporary").iterdir()) == []


def test_a_failed_child_leaves_its_checkpoints_and_nothing_else() -> None:
    for _ in range(2):  # the slot is free again
        with pytest.raises(UserError, match="the text is bad"):
            call("bad")
    store = Store.current()
    assert sorted(path.name for path in store.root.glob("partial/*/*")) == ["checkpoint", "worked.json"]
    assert list(store.records()) == []
    assert list((store.root / "temporary").iterdir()) == []
    assert {path.name.split("-")[0] for path in (store.root / "artifacts").iterdir()} == {"dataset"}


def test_a_hit_never_waits_for_a_slot() -> None:
    call()
    with slot():  # the only one
        hit = threading.Thread(target=call)
        hit.start()
        hit.join(10)
        assert not hit.is_alive()


def test_the_limit_and_the_slot_reach_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    def pretend(entry: str, job: dict[str, Any], **options: Any) -> None:
        told.update(options, entry=entry)
        Path(job["output"], "x").touch()

    monkeypatch.setattr(child_process, "run", pretend)
    call(timeout_seconds=12)
    assert told == {
        "entry": f"{__name__}:child",
        "label": "long one",
        "environment": {"CUDA_VISIBLE_DEVICES": "-1"},
        "timeout_seconds": 12,
    }
