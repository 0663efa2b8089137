"""The nl2sql flow on a few invented questions: every step in this process, through its real cache."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.budget.plan import plan
from flows.nl2sql import nl2sql
from tasks.core.competition import find
from tasks.core.dataset import PartFolders
from tasks.nl2sql import demo
from tasks.nl2sql.config import Config
from tests.flows.sequential import Run, walk
from tests.nl2sql.jobs import step_by_step

STAGES = [{"epochs": 1, "optimizer": "adam"}]
TINY = {
    "encoder": {"longest": 16, "dgcnn": {"width": 8, "dilations": [1], "minimum_count": 1}},
    "training": {"stages": STAGES, "batch_questions": 16},
}
PARTS = {"questions": 24, "validation": 5, "test": 6}
STEPS = [
    "load nl2sql train",
    "load nl2sql validation",
    "load nl2sql test",
    "common nl2sql",
    "split nl2sql",
    "train tiny fold 0",
    "predict tiny fold 0",
    "train tiny fold 1",
    "predict tiny fold 1",
    "gather tiny",
    "predict tiny validation",
    "average tiny validation",
    "predict tiny test",
    "average tiny test",
    "blend nl2sql",
    "combine nl2sql test",
    "decode nl2sql",
    "combine nl2sql validation",
    "validate nl2sql",
    "submit nl2sql",
    "compare nl2sql",
    "report nl2sql",
]
METHODS = ["two-stage", "baseline"]
"""Besides `sketch`."""
ALWAYS = ["submit nl2sql", "report nl2sql"]


def config(data: Path, **changes: Any) -> Config:
    given = {"data": {"root": str(data)}, "folds": {"count": 2}, "recipes": [{"name": "tiny", **TINY}]}
    return Config.model_validate({**given, "blend": {"rounds": 2, "bags": 1}, **changes})


@pytest.fixture(autouse=True, scope="module")
def _without_graphs() -> Iterator[None]:
    from tasks.learning.training.keras_setup import configure

    configure(0)
    with step_by_step():
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("nl2sql")
    demo.write(folder / "data", tables=6, **PARTS)
    return walk(nl2sql, folder, config(folder / "data"))


def test_a_run_computes_every_step_once(done: Run) -> None:
    assert done.runner.ran() == STEPS


def test_a_run_ends_in_a_checked_submission_and_a_report(done: Run) -> None:
    data = PartFolders.of(*done.artifacts("test-*/"), *done.artifacts("common-*/"))
    rules, file = find("nl2sql"), Path(done.result["submission"])
    assert rules.check(file, rules.ids(data, "test"), data) == PARTS["test"]
    assert len(Path(done.result["report"]).read_text("utf-8")) > 2000
    for part in ("score", "validation"):
        assert 0 <= done.result[part]["value"] <= 1


def test_questions_about_one_table_are_judged_together_by_a_model_that_never_saw_it(done: Run) -> None:
    (folds,) = done.artifacts("folds-*/folds.npy")
    (data,) = done.artifacts("train-*/")
    assigned, ids = np.load(folds), json.loads((folds.parent / "ids.json").read_text("utf-8"))
    questions = [json.loads(line) for line in (data / "train.jsonl").read_text("utf-8").split("\n") if line]
    by_table: dict[str, set[int]] = {}
    for question in questions:
        by_table.setdefault(question["table"], set()).add(int(assigned[ids.index(question["id"])]))
    assert {len(folds) for folds in by_table.values()} == {1}
    held_out = [
        [json.loads(line)["id"] for line in file.read_text("utf-8").split("\n") if line]
        for file in done.artifacts("scores-*/held_out.jsonl")
    ]
    assert sorted(id for part in held_out for id in part) == sorted(ids)


def test_a_rerun_computes_nothing(done: Run) -> None:
    again = walk(nl2sql, done.folder, config(done.folder / "data"))
    assert again.runner.ran() == ALWAYS
    assert again.result["submission"] == done.result["submission"]


def test_another_width_of_the_beam_trains_nothing(done: Run) -> None:
    recipes = [{"name": "tiny", **TINY, "decoding": {"beam": 2}}]
    again = walk(nl2sql, done.folder, config(done.folder / "data", recipes=recipes))
    assert not [label for label in again.runner.ran() if label.startswith("train")]
    assert "predict tiny test" in again.runner.ran()


@pytest.mark.slow
def test_unlike_recipes_vote(done: Run) -> None:
    recipes = [{"name": "tiny", **TINY}, *({"name": each, "method": each, **TINY} for each in METHODS)]
    again = walk(nl2sql, done.folder, config(done.folder / "data", recipes=recipes))
    assert [label for label in again.runner.ran() if "tiny" in label] == []
    provenance = json.loads((Path(again.result["submission"]).parent / "provenance.json").read_text("utf-8"))
    assert list(provenance["members"]) == ["tiny", *METHODS]


def test_what_a_recipe_reads_and_starts_from_is_made_first(tmp_path: Path) -> None:
    started = {"encoder": {"kind": "bert"}, "pretraining": {"stages": STAGES}}
    recipes = [{"name": "one", **TINY, "augmentation": {"views": 2}}, {"name": "two", **TINY, **started}]
    labels = [step.label for step in plan("nl2sql", config(tmp_path, recipes=recipes))]
    assert labels[5:8] == ["augment one view 0", "augment one view 1", "train one fold 0"]
    assert labels.index("pretrain two") == labels.index("train two fold 0") - 1
    assert len(labels) == len(set(labels))
