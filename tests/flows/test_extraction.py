"""The extraction flow on a few invented sentences: every step in this process, through its real cache."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.budget.plan import plan
from flows.extraction import extraction
from tasks.core.competition import find
from tasks.core.dataset import PartFolders
from tasks.extraction import demo
from tasks.extraction.config import Config
from tasks.text import dataset_files
from tests.conftest import PLACES
from tests.flows.sequential import Run, walk

ENCODER = {"dgcnn": {"width": 8, "dilations": [1], "minimum_count": 1}}
STAGES = [{"epochs": 1, "optimizer": "adam"}]
TRAINING = {"stages": STAGES, "batch_characters": 512}
TINY = {"method": "gplinker", "encoder": ENCODER, "training": TRAINING, "floor": 0.9}
PARTS = {"train": 24, "validation": 5, "test": 6}
STEPS = [
    "load extraction train",
    "load extraction validation",
    "load extraction test",
    "common extraction",
    "split extraction",
    "train tiny fold 0",
    "predict tiny fold 0",
    "train tiny fold 1",
    "predict tiny fold 1",
    "gather tiny",
    "predict tiny validation",
    "average tiny validation",
    "predict tiny test",
    "average tiny test",
    "blend extraction",
    "combine extraction test",
    "decode extraction",
    "combine extraction validation",
    "validate extraction",
    "submit extraction",
    "compare extraction",
    "report extraction",
]
ALWAYS = ["submit extraction", "report extraction"]


def config(data: Path, **changes: Any) -> Config:
    given = {"data": {"root": str(data)}, "folds": {"count": 2}, "recipes": [{"name": "tiny", **TINY}]}
    return Config.model_validate({**given, "blend": {"rounds": 2, "bags": 1}, **changes})


def draw(data: Path) -> Path:
    numbers = {"sentences": PARTS["train"], "validation": PARTS["validation"], "test": PARTS["test"]}
    demo.write(data, extra=0, **numbers)
    return data


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("extraction")
    return walk(extraction, folder, config(draw(folder / "data")))


def test_a_run_computes_every_step_once(done):
    assert done.runner.ran() == STEPS


def test_a_run_ends_in_a_checked_submission_and_a_report(done):
    data = PartFolders.of(*done.artifacts("test-*/"), *done.artifacts("common-*/"))
    rules, file = find("extraction"), Path(done.result["submission"])
    assert rules.check(file, rules.ids(data, "test"), data) == PARTS["test"]
    assert len(Path(done.result["report"]).read_text("utf-8")) > 2000
    for part in ("score", "validation"):
        assert 0 <= done.result[part]["value"] <= 1


def test_every_record_is_judged_once_by_a_model_that_never_saw_it(done):
    (folds,) = done.artifacts("folds-*/folds.npy")
    assigned, ids = np.load(folds), json.loads((folds.parent / "ids.json").read_text("utf-8"))
    held_out = [
        [json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()]
        for file in done.artifacts("scores-*/held_out.jsonl")
    ]
    assert sorted(id for part in held_out for id in part) == sorted(ids)
    for part in held_out:
        assert len({int(assigned[ids.index(id)]) for id in part}) == 1


def test_a_rerun_computes_nothing(done):
    again = walk(extraction, done.folder, config(done.folder / "data"))
    assert again.runner.ran() == ALWAYS
    assert again.result == done.result
    assert again.published == ["Unchanged"]
    assert "F1 by predicate" in done.published


def test_a_change_of_rules_trains_and_predicts_nothing(done):
    changed = config(done.folder / "data", answers={"rules": ["self_relatives", "spouses"]})
    again = walk(extraction, done.folder, changed)
    assert again.runner.ran() == [
        "blend extraction",
        "combine extraction test",
        "decode extraction",
        "combine extraction validation",
        "validate extraction",
        *ALWAYS,
    ]
    assert again.result["submission"] != done.result["submission"]


def test_another_recipe_leaves_the_first_ones_steps_alone(done):
    recipes = [{"name": "tiny", **TINY}, {"name": "other", **TINY, "floor": 0.95}]
    again = walk(extraction, done.folder, config(done.folder / "data", recipes=recipes))
    ran = [label for label in again.runner.ran() if "other" in label]
    # the second recipe differs in what only predictions read; equal predictions are gathered once
    predictions = [label for label in ran if label.startswith("predict")]
    assert predictions == [f"predict other {of}" for of in ("fold 0", "fold 1", "validation", "test")]
    assert set(ran) - set(predictions) <= {"gather other", "average other validation", "average other test"}
    assert not [label for label in again.runner.ran() if "tiny" in label]


def planned(settings: Config) -> list[str]:
    return [step.label for step in plan("extraction", settings)]


def test_what_a_recipe_reads_and_starts_from_is_made_first(tmp_path):
    words = {"encoder": {"dgcnn": {"words": True}}, "augmentation": {"views": 2}}
    started = {"encoder": {"kind": "bert"}, "pretraining": {"stages": STAGES}}
    recipes = [{"name": "one", **TINY, **words}, {"name": "two", **TINY, **started}]
    labels = planned(config(tmp_path, recipes=recipes))
    assert labels[5:9] == [
        "augment one view 0",
        "augment one view 1",
        "encode one train words",
        "train one fold 0",
    ]
    assert labels.index("encode one test words") < labels.index("predict one test")
    assert labels.index("pretrain two") == labels.index("train two fold 0") - 1
    assert len(labels) == len(set(labels))


def test_a_second_round_judges_each_fold_by_models_that_leave_two_folds_out(tmp_path):
    labels = planned(config(tmp_path, folds={"count": 3}, second_round={"run": True}))
    first, second = labels.index("gather tiny"), labels.index("gather tiny-again")
    between = labels[first + 1 : second]
    assert [label for label in between if label.startswith("train tiny f")] == [
        "train tiny folds 0 and 1",
        "train tiny folds 0 and 2",
        "train tiny folds 1 and 2",
    ]
    assert [label for label in between if label.startswith("predict tiny f")] == [
        f"predict tiny fold {other} for fold {own}"
        for pair in ((0, 1), (0, 2), (1, 2))
        for own, other in (pair, pair[::-1])
    ]
    assert {f"pool tiny for fold {fold}" for fold in range(3)} <= set(between)
    assert {f"train tiny-again fold {fold}" for fold in range(3)} <= set(between)


@pytest.mark.slow
def test_a_second_round_learns_from_labels_of_models_that_saw_neither_them_nor_the_fold(done):
    weak = {"name": "tiny", **TINY}
    weak["training"] = {**TINY["training"], "labelling": {"most_dropped": 1.0}}
    changes = {"folds": {"count": 3}, "second_round": {"run": True}, "recipes": [weak]}
    settings = config(done.folder / "data", **changes)
    again = walk(extraction, done.folder, settings)
    (data,) = done.artifacts("train-*/")
    judged = again.artifacts("labels-*/judged.jsonl")
    assert len(judged) == 3
    folds = next(file for file in again.artifacts("folds-*/folds.npy") if len(np.unique(np.load(file))) == 3)
    assigned, ids = np.load(folds), dataset_files.ids(data, "train")
    left_out = []
    for file in judged:
        known = {json.loads(line)["id"] for line in file.read_text("utf-8").splitlines()}
        assert len(known) == len(file.read_text("utf-8").splitlines())
        left_out.append({int(assigned[row]) for row, id in enumerate(ids) if id not in known})
    assert sorted(left_out, key=min) == [{0}, {1}, {2}]
    provenance = json.loads((Path(again.result["submission"]).parent / "provenance.json").read_text("utf-8"))
    assert list(provenance["members"]) == ["tiny", "tiny-again"]
    walked = walk(extraction, done.folder, settings)
    assert walked.runner.ran() == ALWAYS


@pytest.mark.slow
@pytest.mark.server
def test_the_flow_runs_under_prefect_in_processes_of_its_own(done, prefect_server, tmp_path, monkeypatch):
    for variable in PLACES:
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    result = extraction(config(done.folder / "data"))
    assert Path(result["submission"]).read_bytes() == Path(done.result["submission"]).read_bytes()
