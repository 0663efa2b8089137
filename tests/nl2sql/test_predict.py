from types import SimpleNamespace

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.core.dataset import PartFolders
from tasks.learning.ensemble import candidates
from tasks.learning.training.padded_shapes import choose
from tasks.nl2sql import dataset as files
from tasks.nl2sql import predict as predicting
from tasks.nl2sql.query.schema import canonical, to_json
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.padding import in_prediction
from tasks.nl2sql.two_stage import inputs as two_stage_inputs
from tasks.nl2sql.two_stage.inputs import two_stage_examples
from tasks.text import dataset_files
from tests.nl2sql.jobs import dataset, job, read, recipe, step_by_step, tokenizer
from tests.nl2sql.knowing import knowing
from tests.nl2sql.usual_factors import without_labels


@pytest.fixture
def data(tmp_path):
    return dataset(tmp_path)


def known(monkeypatch, data):
    """Let every model know the labels of the training questions; other parts take theirs from those."""
    network = knowing(read(recipe(), data), tokenizer(recipe(), data))
    without_labels(data.parent)
    monkeypatch.setattr(predicting, "_loaded", lambda *arguments: network)


def predict_sketches(*arguments, **options):
    from tasks.nl2sql.sketch import inference

    return inference.predict_sketches(*arguments, **options)


def predicted(made) -> Scores:
    """The scores of a job's part, whose pieces follow each other."""
    ids, values = zip(*(scores[:2] for scores in predicting.predict(made)), strict=True)
    return Scores([id for each in ids for id in each], candidates.concatenated(values))


def best(scores) -> dict[str, str]:
    return {
        id: max(record, key=record.__getitem__)
        for id, record in zip(scores.ids, scores.values.records(), strict=True)
    }


def truth(data) -> dict[str, str]:
    questions = files.questions(data, "train")
    return {each.id: candidates.key(to_json(canonical(each.query))) for each in questions}


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_the_questions_of_the_fold_are_predicted(tmp_path, monkeypatch, data, fold):
    known(monkeypatch, data)
    found = predicted(job(recipe(), tmp_path, fold=fold, models=(tmp_path,), part="held_out"))
    rows = np.flatnonzero(np.load(data / "folds.npy") == fold)
    ids = [dataset_files.ids(data, "train")[row] for row in rows]
    assert found.ids == ids
    assert best(found) == {id: truth(data)[id] for id in ids}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_other_parts_are_predicted_from_their_own_files_and_characters_alone(
    tmp_path, monkeypatch, data, part
):
    known(monkeypatch, data)
    folders = [tmp_path / "part", tmp_path / "common"]
    for folder in folders:
        folder.mkdir()
    for kind in ("jsonl", "tables.jsonl", "db"):
        (folders[0] / f"{part}.{kind}").write_bytes((data / f"train.{kind}").read_bytes())
    (folders[1] / "characters.json").write_bytes((data / "characters.json").read_bytes())
    made = job(
        recipe(),
        tmp_path,
        fold=None,
        data=PartFolders.of(*folders),
        folds=None,
        models=(tmp_path,),
        part=part,
    )
    assert best(predicted(made)) == truth(data)


def test_a_part_without_questions_is_predicted_too(tmp_path, monkeypatch, data):
    (data / "validation.jsonl").write_text("", "utf-8")
    known(monkeypatch, data)
    found = predicted(job(recipe(), tmp_path, fold=None, models=(tmp_path,), part="validation"))
    assert (found.ids, len(found.values)) == ([], 0)


def test_pieces_change_nothing(tmp_path, monkeypatch, data):
    known(monkeypatch, data)
    made = job(recipe(), tmp_path, fold=2, models=(tmp_path,), part="held_out")
    whole = predicted(made)
    monkeypatch.setattr(predicting, "CHUNK", 2)
    assert len(list(predicting.predict(made))) == 2
    pieces = predicted(made)
    assert (pieces.ids, pieces.values.records()) == (whole.ids, whole.values.records())


@pytest.mark.parametrize("part", ["held_out", "validation", "test"])
def test_candidates_are_shared_among_questions_of_the_part_alone(tmp_path, monkeypatch, data, part):
    from tasks.nl2sql.two_stage import inference

    shared = []

    def decode(networks, recipe, tokenizer, examples, tables, executor, *, factors, shapes):
        two_stage_examples(examples, tables, recipe.matcher)
        return candidates.Candidates.of([{} for _ in examples])

    def share(questions, found, *, most):
        shared.append([each.id for each in questions])
        return found

    monkeypatch.setattr(inference, "decode", decode)
    monkeypatch.setattr(two_stage_inputs, "share_candidates", share)
    monkeypatch.setattr(predicting, "_loaded", lambda *arguments: None)
    without_labels(tmp_path)
    made = recipe(method="two-stage", matcher={"share_candidates": True})
    found = predicted(job(made, tmp_path, fold=2, models=(tmp_path,), part=part))
    assert shared == [found.ids]
    assert len(found.ids) > 1


def test_networks_are_averaged_by_what_they_say_of_a_question(data):
    examples, own = read(recipe(), data), tokenizer(recipe(), data)
    one, other = knowing(examples, own), knowing(examples, own, sure=0.0)
    parts = [predict_sketches([each], examples, own) for each in (one, other)]
    both = predict_sketches([one, other], examples, own)
    for sure, unsure, mean, example in zip(*parts, both, examples, strict=True):
        np.testing.assert_allclose(mean.select, (sure.select + unsure.select) / 2, rtol=1e-6)
        assert mean.columns.shape == (example.length, len(example.names))
        for value in mean:
            assert value.dtype == np.float32


def test_sketches_are_probabilities(data):
    from tasks.learning.training.keras_setup import configure
    from tasks.nl2sql.sketch import network as networks

    configure(0)
    examples, own = read(recipe(), data), tokenizer(recipe(), data)
    network = networks.build(recipe(), own, seed=1)
    for sketch in predict_sketches([network], examples, own):
        for name in ("connector", "select", "number", "operators", "tags", "columns"):
            np.testing.assert_allclose(getattr(sketch, name).sum(axis=-1), 1, rtol=1e-5)
        assert ((sketch.begins >= 0) & (sketch.begins <= 1)).all()


def test_sketches_are_the_same_in_the_shapes_of_a_training(data):
    """Padding, rows that fill up, and a shape for larger questions change no probability."""
    from tasks.learning.training.keras_setup import configure
    from tasks.nl2sql.sketch import network as networks

    configure(0)
    examples, own = read(recipe(), data), tokenizer(recipe(), data)
    network = networks.build(recipe(), own, seed=1)
    few = np.array([features.sizes_of(each, own) for each in examples[:2]])
    shapes = choose(few, in_prediction(own.settings))
    with step_by_step():
        found = predict_sketches([network], examples, own, shapes=shapes)
        expected = [predict_sketches([network], [each], own)[0] for each in examples]
    for one, other in zip(found, expected, strict=True):
        for name, value in one._asdict().items():
            np.testing.assert_allclose(value, getattr(other, name), rtol=1e-3, atol=1e-5)


def test_flags_that_are_very_sure_are_probabilities_too(data):
    examples, own = read(recipe(), data), tokenizer(recipe(), data)
    inner = knowing(examples, own, sure=1e4).model
    network = SimpleNamespace(model=inner)
    for sketch in predict_sketches([network], examples, own):
        assert all(np.isfinite(value).all() for value in sketch)
