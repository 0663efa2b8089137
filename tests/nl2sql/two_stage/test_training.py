import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.nl2sql import dataset as files
from tasks.nl2sql.sketch import features
from tasks.nl2sql.two_stage.inputs import two_stage_examples
from tests.learning.trainings import Killed, digest, killed_at, run
from tests.nl2sql.jobs import CUT, FOLD_OF, STAGE, job, shared, step_by_step
from tests.nl2sql.two_stages import KINDS, network, questions, recipe


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Some tests here compute."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_finite_and_reach_every_layer(kind, tmp_path):
    import tensorflow as tf

    from tasks.nl2sql.two_stage.network import LOSSES

    made = network(kind)
    shown = questions(made.recipe, tmp_path).batch(Stage(), 0, 0)
    with tf.GradientTape() as tape:
        outputs = made.model(shown.inputs, training=True)
        loss = sum(tf.reduce_mean(LOSSES[name](shown.targets[name], outputs[name])) for name in LOSSES)
    gradients = tape.gradient(loss, made.model.trainable_variables)
    assert all(np.isfinite(tf.convert_to_tensor(each)).all() for each in gradients)
    still = [v.path for v, g in zip(made.model.trainable_variables, gradients, strict=True) if not tf.norm(g)]
    assert not [path for path in still if "conditions" in path and "along" not in path]


@pytest.mark.parametrize(("fold", "beside"), [(0, None), (1, None), (0, 2), (None, None)])
def test_no_question_that_is_left_out_is_learned(tmp_path, fold, beside):
    own = questions(recipe(), tmp_path, fold=fold, beside=beside)
    folds = {each.id: FOLD_OF[each.table] for each in files.questions(shared(), "train")}
    learned = [each.example.question.id for each in own.examples]
    assert learned == [id for id, at in folds.items() if at not in (fold, beside)]
    assert [each.question.id for each in own.held_out] == [id for id, at in folds.items() if at == fold]


def test_a_batch_is_a_function_of_its_place(tmp_path):
    first, again = (questions(recipe(), tmp_path) for _ in range(2))
    ahead = first.batch(Stage(), 2, 1)
    first.batch(Stage(), 0, 0)
    for own in (first, again):
        shown = own.batch(Stage(), 2, 1)
        for name, value in {**shown.inputs, **shown.targets}.items():
            np.testing.assert_array_equal(value, {**ahead.inputs, **ahead.targets}[name])


def test_every_question_is_shown_once_an_epoch_with_its_conditions(tmp_path):
    own = questions(recipe(matcher={"negatives": 1}), tmp_path)
    for epoch in range(3):
        rows = np.concatenate([each.records for each in own.plan(epoch)]).tolist()
        assert sorted(rows) == list(range(len(own.examples)))
        assert len(own.plan(epoch)) == len(own.plan(0))
        batches = [own.batch(Stage(), epoch, step) for step in range(len(own.plan(epoch)))]
        stated = sum(
            int(((b.targets["conditions"] >= 0) & (b.targets["conditions"] < 4)).sum()) for b in batches
        )
        wanted = sum(len(each.example.question.query.conditions) for each in own.examples)
        assert stated == wanted
        for each in batches:
            known = each.targets["conditions"] >= 0
            assert (each.inputs["candidates"][..., 1] > 0).tolist() == known.tolist()


def test_what_other_questions_found_is_considered_if_asked_for():
    tables = files.tables(shared(), "train")
    asking = [each for each in files.questions(shared(), "train") if each.table == "houses"]
    texts = ["青石花园的成交均价", "青石的成交均价"]
    pair = [each._replace(text=text) for each, text in zip(asking, texts, strict=True)]
    read = features.examples(pair, tables, longest=32)
    alone = two_stage_examples(read, tables, recipe().matcher)
    together = two_stage_examples(read, tables, recipe(matcher={"share_candidates": True}).matcher)
    extra = set(together[1].candidates) - set(alone[1].candidates)
    assert {(each.column, each.value, each.start, each.end) for each in extra} == {(0, "青石花园", 0, 2)}
    assert together[0].candidates == alone[0].candidates


@pytest.mark.parametrize("graphs", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_small_training_learns_and_ends_in_the_same_bytes_when_killed(tmp_path, graphs):
    from tasks.learning.training.loop import fit
    from tasks.nl2sql.training import build

    made = recipe(CUT["dgcnn"], training={"batch_questions": 7, "stages": [{**STAGE, "epochs": 6}]})
    own = job(made, tmp_path, fold=None, data=shared())
    with step_by_step(not graphs):
        whole = build(own)
        history = fit(whole, tmp_path / "whole", checkpoint_seconds=1e9, workers=1, report=[].append)
        with pytest.raises(Killed):
            run(killed_at(build(own), 5), tmp_path / "killed")
        assert run(build(own), tmp_path / "killed") == digest(whole.model, history)
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
