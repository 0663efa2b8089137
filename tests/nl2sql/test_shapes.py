import json
from pathlib import Path

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.learning.training.padded_shapes import MOST, PaddedBatch, Shape
from tasks.nl2sql import dataset as files
from tasks.nl2sql import training
from tasks.nl2sql.dataset import VIEW_FILE
from tasks.nl2sql.query.schema import to_json
from tests.learning.fillers import assert_fillers_teach_nothing, shapes_of
from tests.nl2sql.jobs import job, recipe, shared

KINDS = [("sketch", "dgcnn"), ("sketch", "bert"), ("two-stage", "dgcnn")]


@pytest.fixture(autouse=True)
def _ready(keras):
    """Every test here builds trainings."""


def views(folder: Path) -> tuple[Path, ...]:
    """A view in which every question is longer and asks another table."""
    lines = [
        json.dumps([each.id, each.text + "呢" * 9, each.table, to_json(each.query)], ensure_ascii=False)
        for each in files.questions(shared(), "train")
    ]
    (folder / "view").mkdir()
    (folder / "view" / VIEW_FILE).write_text("\n".join(lines) + "\n", "utf-8")
    return (folder / "view",)


def built(method: str, encoder: str, folder: Path, **fields):
    made = recipe(encoder, method=method, augmentation={"views": 1}, **fields)
    return training.build(job(made, folder, fold=None, data=shared(), views=views(folder)))


@pytest.mark.parametrize(("method", "encoder"), KINDS)
def test_questions_that_fill_up_a_batch_teach_nothing(tmp_path, method, encoder):
    made = built(method, encoder, tmp_path)
    questions = made.batch.__self__
    sizes = tuple(questions._varied_sizes.max(axis=0).tolist())
    planned = PaddedBatch(np.array([0, 3, 2]), Shape(sizes, 5))
    questions.plan = lambda epoch: [planned]
    assert_fillers_teach_nothing(made, planned, shared=lambda name: name.startswith("names_"))


@pytest.mark.parametrize(("method", "encoder"), KINDS)
def test_batches_have_few_shapes_also_with_views(tmp_path, method, encoder):
    first, *others = shapes_of(built(method, encoder, tmp_path), epochs=4)
    assert len(first) <= MOST
    assert all(each == first for each in others)


@pytest.mark.parametrize("encoder", ["dgcnn", "bert"])
def test_sizes_hold_whatever_columns_a_batch_keeps(tmp_path, encoder, monkeypatch):
    """With tables that count as wide from two columns on, every batch drops some."""
    from tasks.nl2sql.sketch import features
    from tasks.nl2sql.sketch import training as sketch_training

    monkeypatch.setattr(sketch_training, "NARROW", 1)
    questions = built("sketch", encoder, tmp_path).batch.__self__
    random, kept = np.random.default_rng(0), set()
    for row, most in enumerate(questions._varied_sizes):
        for _ in range(20):
            drawn = questions._vary(questions.draw(row, Stage(), random), questions.recipe, random)
            assert (np.array(features.sizes_of(drawn, questions.tokenizer)) <= most).all()
            kept.add(len(drawn.names))
    assert len(kept) > 1


@pytest.mark.parametrize("method", ["sketch", "two-stage"])
def test_held_out_figures_are_those_of_the_questions_alone(tmp_path, method):
    made = training.build(job(recipe(method=method), tmp_path, fold=2, data=shared()))
    questions = made.batch.__self__
    count = sum(len(planned.records) for planned, _ in questions._held_out_batches)
    assert count == len(questions.held_out)
    found = made.evaluate(made.model)
    del questions._held_out_batches
    questions.prediction_shapes = tuple(
        shape._replace(rows=shape.rows + 3) for shape in questions.prediction_shapes
    )
    assert made.evaluate(made.model) == found
