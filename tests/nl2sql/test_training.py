import json
from types import SimpleNamespace

import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.nl2sql import dataset as files
from tasks.nl2sql import training
from tasks.nl2sql.dataset import VIEW_FILE
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.label_counts.counting import count_labels
from tasks.nl2sql.query.schema import Condition, Query, Question, Table, to_json
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch import training as sketch_training
from tasks.nl2sql.sketch.padding import PaddedShape
from tasks.nl2sql.sketch.training_questions import exact_heads, labelled
from tests.learning.trainings import Killed, killed_at, run
from tests.nl2sql.jobs import CUT, FOLD_OF, STAGE, dataset, job, read, recipe, shared, step_by_step

STAGES = [
    {"epochs": 2, "optimizer": "adam", "learning_rate": 0.01, "warmup_epochs": 1, "clip_norm": 5.0},
    {"epochs": 1, "optimizer": "adam", "learning_rate": 0.001, "schedule": "constant"},
]


@pytest.fixture(autouse=True)
def _ready(keras):
    """Every test here builds trainings."""


@pytest.fixture
def data(tmp_path):
    return dataset(tmp_path)


def learned(built) -> list[str]:
    """Ids of the questions of an epoch, in order of the dataset."""
    return sorted(each.question.id for each in built.batch.__self__.examples)


@pytest.mark.parametrize(("fold", "beside"), [(0, None), (1, None), (0, 2), (None, None)])
def test_no_question_that_is_left_out_is_learned(tmp_path, data, fold, beside):
    built = training.build(job(recipe(), tmp_path, fold=fold, beside=beside))
    questions = files.questions(data, "train")
    kept = [each.id for each in questions if FOLD_OF[each.table] not in (fold, beside)]
    assert learned(built) == sorted(kept)
    watched = [each.question.table for each in built.batch.__self__.held_out]
    assert [FOLD_OF[table] for table in watched] == [fold] * len(watched)


@pytest.mark.parametrize("method", ["sketch", "two-stage", "baseline"])
def test_beside_a_model_lie_counts_of_the_labels_that_it_has_learned_and_of_no_others(tmp_path, data, method):
    questions, tables = files.questions(data, "train"), files.tables(data, "train")
    for fold, beside in [(0, None), (0, 2), (None, None)]:
        training.build(job(recipe(method=method), tmp_path, fold=fold, beside=beside)).write(tmp_path)
        kept = [each for each in questions if FOLD_OF[each.table] not in (fold, beside)]
        expected = count_labels(kept, tables)
        assert expected.selected.sum() == len(kept) < len(questions) or fold is None
        assert all((a == b).all() for a, b in zip(counts.read([tmp_path]), expected, strict=True))


@pytest.mark.parametrize(("share", "invented", "expected"), [(0.5, 1.0, 2), (0.5, 0.0, 1), (0.0, 1.0, 1)])
def test_labels_of_invented_questions_count_as_they_are_learned(tmp_path, data, share, invented, expected):
    """Else factors and wording would call unlikely what views alone ask for."""
    kept = [each for each in files.questions(data, "train") if FOLD_OF[each.table] != 0]
    views = (view(tmp_path / "view", data),)
    made = recipe(augmentation={"views": 1, "share": share, "invented": invented})
    training.build(job(made, tmp_path, views=views)).write(tmp_path)
    assert counts.read([tmp_path]).selected.sum() == expected * len(kept)


def view(folder, data):
    """A view of the training questions, in which each ends with 呢."""
    lines = [
        json.dumps([each.id, each.text + "呢", each.table, to_json(each.query)], ensure_ascii=False)
        for each in files.questions(data, "train")
    ]
    folder.mkdir()
    (folder / VIEW_FILE).write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def arrays(batch) -> dict[str, np.ndarray]:
    return {**batch.inputs, **{f"target {name}": value for name, value in batch.targets.items()}}


def same(one, other) -> bool:
    one, other = arrays(one), arrays(other)
    return all(one[name].shape == other[name].shape and (one[name] == other[name]).all() for name in one)


def test_a_batch_is_a_function_of_its_place(tmp_path, data):
    made = recipe(sketch={"shuffle": 1.0})
    first, again = (training.build(job(made, tmp_path)) for _ in range(2))
    ahead = first.batch(Stage(), 2, 1)
    first.batch(Stage(), 0, 0)
    assert same(first.batch(Stage(), 2, 1), ahead)
    assert same(again.batch(Stage(), 2, 1), ahead)
    assert not same(training.build(job(made, tmp_path, seed=2)).batch(Stage(), 2, 1), ahead)


def test_columns_of_the_query_are_shown_and_others_now_and_then(monkeypatch):
    columns, text = 40, "销量大于30的有"
    query = Query(((7, 4),), 0, (Condition(31, 0, "30"),))
    table = Table("t", "t", "t", tuple(f"列{each}" for each in range(columns)), ("text",) * columns, ())
    (example,) = labelled([Question("q", text, "t", query)], {"t": table}, longest=48)
    drawn = np.random.default_rng(0)
    orders = [sketch_training.some_columns(example, drawn) for _ in range(50)]
    assert all({7, 31} <= set(order.tolist()) for order in orders)
    assert 0.4 * columns < np.mean([len(order) for order in orders]) < 0.65 * columns
    fewer = features.reorder_columns(example, orders[0])
    assert fewer.names[int(fewer.labels.columns.max())] == "列31"
    assert [fewer.names[column] for column in np.flatnonzero(fewer.labels.select != 6)] == ["列7"]
    monkeypatch.setattr(sketch_training, "NARROW", columns)
    assert sketch_training.some_columns(example, drawn).tolist() == list(range(columns))


def test_every_question_is_shown_once_an_epoch(tmp_path, data):
    built = training.build(job(recipe(), tmp_path))
    plan = built.batch.__self__.plan
    for epoch in range(3):
        assert len(plan(epoch)) == built.steps_per_epoch
        rows = np.concatenate([each.records for each in plan(epoch)])
        assert sorted(rows.tolist()) == list(range(len(learned(built))))
        assert max(each.shape.rows for each in plan(epoch)) <= 2


def test_views_are_learned_as_often_as_asked_but_not_by_plain_stages(tmp_path, data):
    views = (view(tmp_path / "view", data),)
    for share, stage, expected in [(1.0, {}, True), (1.0, {"plain": True}, False), (0.0, {}, False)]:
        made = recipe(augmentation={"views": 1, "share": share})
        questions = training.build(job(made, tmp_path, views=views)).batch.__self__
        drawn = np.random.default_rng(0)
        texts = [questions.draw(row, Stage(**stage), drawn).question.text for row in range(4)]
        assert all(text.endswith("呢") is expected for text in texts)


@pytest.mark.parametrize("encoder", ["dgcnn", pytest.param("bert", marks=pytest.mark.slow)])
@pytest.mark.parametrize("graphs", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_killed_training_ends_in_the_same_bytes_as_another(tmp_path, encoder, graphs):
    import keras

    from tasks.learning.training.keras_setup import configure

    made = recipe(CUT[encoder], training={"stages": STAGES, "ema": 0.9})

    def built():
        keras.backend.clear_session()
        configure(0)
        return training.build(job(made, tmp_path, fold=2, data=shared()))

    with step_by_step(not graphs):
        whole = run(built(), tmp_path / "whole", seconds=3600)
        with pytest.raises(Killed):
            run(killed_at(built(), 3), tmp_path / "killed")
        assert run(built(), tmp_path / "killed") == whole


def test_a_training_starts_from_a_language_model(tmp_path, data):
    from tasks.nl2sql.language_model import pretrain
    from tasks.text.encoders import PREFIX

    made = recipe(pretraining={"stages": [STAGE]})
    whole = made.model_dump(mode="json")
    settings = {name: whole[name] for name in ("encoder", "pretraining")}
    model = pretrain(job(settings, tmp_path, fold=None)).model
    (tmp_path / "start").mkdir()
    model.save_weights(tmp_path / "start" / "model.weights.h5")
    lessons = training.build(job(made, tmp_path, start=tmp_path / "start"))
    encoder = lessons.model.get_layer("encoder")
    taken = [layer for layer in encoder.layers if layer.name.startswith(PREFIX) and layer.weights]
    assert taken
    for layer in taken:
        for own, other in zip(layer.get_weights(), model.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_array_equal(own, other)


def test_weights_of_losses_are_those_of_the_settings(tmp_path, data):
    built = training.build(job(recipe(training={"weights": {"tags": 0.5}}), tmp_path))
    assert built.loss_weights == dict.fromkeys(built.losses, 1.0) | {"tags": 0.5}


def logits(name: str, target: np.ndarray) -> np.ndarray:
    """Outputs of a network that knows the targets; anything at padding."""
    if name == "begins":
        return np.where(target == 1, 2.0, -2.0)
    return 1.0 * target if name == "operators" else np.eye(9)[target]


HEADS = ("connector", "number", "select", "operators", "tags", "begins", "column")


@pytest.mark.parametrize("wrong", HEADS)
def test_a_question_is_exact_if_every_output_is(data, wrong):
    examples = read(recipe(), data)
    targets = features.targets(examples, PaddedShape(tokens=50, columns=8, sequence=0))
    outputs = {name: logits(name, target) for name, target in targets.items()}
    assert set(outputs) == set(HEADS)
    assert exact_heads(outputs, targets).all()
    row = next(row for row, each in enumerate(examples) if (each.labels.columns >= 0).any())
    place = np.flatnonzero(examples[row].labels.columns >= 0)[0] + 1 if wrong in ("tags", "column") else 1
    at = (row,) if wrong in ("connector", "number") else (row, place)
    changed = outputs[wrong][at]
    outputs[wrong][at] = -changed if wrong == "begins" else np.roll(changed, 1)
    assert exact_heads(outputs, targets).tolist() == [other != row for other in range(len(examples))]


def test_of_unlike_operators_of_a_column_each_is_exact():
    targets = {"operators": np.float32([[[0.5, 0.5, 0, 0, 0], [-1] * 5]])}
    for operator in range(5):
        outputs = {"operators": np.stack([np.eye(5)[operator], np.eye(5)[3]])[None]}
        assert exact_heads(outputs, targets).tolist() == [operator < 2]


@pytest.mark.parametrize("method", ["sketch", "two-stage", "baseline"])
@pytest.mark.parametrize("counts", [True, False])
def test_held_out_questions_are_evaluated_without_a_decoder(tmp_path, data, method, counts):
    built = training.build(job(recipe(method=method, sketch={"counts": counts}), tmp_path))
    questions = built.batch.__self__

    targets = (
        questions._targets(batch, PaddedShape.of(planned.shape))
        for planned, batch in questions._held_out_batches
    )

    def predict_on_batch(inputs):
        known = {name: logits(name, target) for name, target in next(targets).items()}
        return (
            known if counts or "number" not in known else known | {"number": np.zeros_like(known["number"])}
        )

    assert sum(len(each.records) for each, _ in questions._held_out_batches) == len(questions.held_out) > 1
    assert built.evaluate(SimpleNamespace(predict_on_batch=predict_on_batch)) == {"held_out_exact_heads": 1.0}
    assert 0 <= built.evaluate(built.model)["held_out_exact_heads"] <= 1
    assert training.build(job(recipe(method=method), tmp_path, fold=None)).evaluate(None) == {}
