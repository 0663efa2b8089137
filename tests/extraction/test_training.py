from pathlib import Path

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.core.config import Stage
from tasks.extraction import dataset as files
from tasks.extraction.labelling.cleaning import PART
from tasks.learning.ensemble import prediction_files
from tasks.learning.ensemble.candidates import Candidates, key
from tests.extraction.certain import certain
from tests.extraction.jobs import (
    EVERYTHING,
    FOLDS,
    INDEX,
    METHODS,
    WORDS,
    dataset,
    job,
    recipe,
    with_views,
    write_json,
)


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Importing trainings takes Keras."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def sentences(made, folder, **fields):
    from tasks.extraction.training import TrainingSentences

    return TrainingSentences(job(made, folder, **fields), made)


@pytest.mark.parametrize(("fold", "beside"), [(0, None), (1, None), (0, 2), (2, 1)])
def test_no_model_is_fitted_on_sentences_that_are_left_out(tmp_path, fold, beside):
    found = sentences(recipe(), tmp_path, fold=fold, beside=beside)
    fitted = [int(each.record.id.partition(":")[2]) for each in found.fitted]
    left_out = {fold, beside}
    assert fitted == [row for row in range(12) if row % FOLDS not in left_out]
    assert [int(each.record.id.partition(":")[2]) % FOLDS for each in found.held_out] == [fold] * 4


def test_without_a_fold_all_sentences_are_fitted_on_and_none_is_held_out(tmp_path):
    found = sentences(recipe(), tmp_path, fold=None)
    assert len(found.fitted) == 12
    assert found.evaluate(None) == {}


def test_what_another_sentence_states_is_known_of_fitted_sentences_alone(tmp_path, monkeypatch):
    from tasks.extraction.pointer import training

    built_from = []

    class Noted(training.KnownTriples):
        @classmethod
        def of(cls, records, predicates):
            built_from.extend(records)
            return super().of(records, predicates)

    monkeypatch.setattr(training, "KnownTriples", Noted)
    found = sentences(recipe("pointer", distant=True), tmp_path, fold=0, beside=1)
    found.batch(Stage(), 0, 0)
    assert {each.id for each in built_from} == {each.record.id for each in found.fitted}


def batches_of(found, stage, *, epochs: int = 3) -> list:
    return [
        found.batch(stage, epoch, step) for epoch in range(epochs) for step in range(len(found.plan(epoch)))
    ]


def arrays(batch) -> dict[str, np.ndarray]:
    return {**batch.inputs, **{f"target {name}": value for name, value in batch.targets.items()}}


@pytest.mark.parametrize("method", EVERYTHING)
def test_a_batch_is_a_function_of_its_place(tmp_path, method):
    made = recipe(method, **EVERYTHING[method], augmentation={"views": 1, "share": 0.5, "swap": "subject"})
    fields = with_views(tmp_path)
    first, again = (sentences(made, tmp_path, **fields) for _ in range(2))
    ahead = arrays(first.batch(Stage(), 2, 1))
    first.batch(Stage(), 0, 0)
    for found in (first, again):
        for name, value in arrays(found.batch(Stage(), 2, 1)).items():
            np.testing.assert_array_equal(value, ahead[name])
    other = arrays(sentences(made, tmp_path, **fields, seed=2).batch(Stage(), 2, 1))
    assert any(
        other[name].shape != value.shape or (other[name] != value).any() for name, value in ahead.items()
    )


def test_every_sentence_is_in_one_batch_of_an_epoch(tmp_path):
    found = sentences(recipe(), tmp_path)
    for epoch in range(3):
        rows = np.concatenate([each.records for each in found.plan(epoch)]).tolist()
        assert sorted(rows) == list(range(8))
    lengths = {value.shape[1] for batch in batches_of(found, Stage()) for value in batch.inputs.values()}
    assert lengths == {shape.sizes[0] for shape in found.plan.shapes}


def texts(found, stage) -> list[tuple[int, ...]]:
    """Tokens of all sentences in the batches."""
    return [
        tuple(row[row > 0].tolist())
        for batch in batches_of(found, stage)
        for row in batch.inputs["characters"]
    ]


@pytest.mark.parametrize("count", [1, 3, 100])
def test_a_batch_may_have_a_number_of_sentences_however_long_they_are(tmp_path, count):
    found = sentences(recipe(training={"batch_sentences": count, "batch_characters": 64}), tmp_path)
    sizes = np.array([len(each.records) for each in found.plan(0)])
    assert sizes.sum() == 8
    assert sizes.max() <= count
    assert len(sizes) == sum(-(-members // count) for members in by_shape(found))


def by_shape(found) -> list[int]:
    """Numbers of sentences of each shape."""
    shapes = [each.shape for each in found.plan(0)]
    return [sum(len(each.records) for each in found.plan(0) if each.shape == one) for one in set(shapes)]


def test_views_are_drawn_by_their_share_and_never_in_plain_stages(tmp_path):
    fields = with_views(tmp_path, count=2)
    share = {"views": 2, "swap": "subject"}
    always = sentences(recipe(augmentation={**share, "share": 1.0}), tmp_path, **fields)
    never = sentences(recipe(augmentation={**share, "share": 0.0}), tmp_path, **fields)
    plain = {tuple(each.inputs["characters"].tolist()) for each in always.fitted}
    views = {tuple(each.inputs["characters"].tolist()) for view in always.views for each in view}
    assert not views <= plain
    assert set(texts(always, Stage())) <= views
    assert set(texts(always, Stage())) - plain
    assert set(texts(never, Stage())) == set(texts(always, Stage(plain=True))) == plain


def test_repairs_clean_fitted_sentences_and_no_held_out_ones(tmp_path):
    data = dataset(tmp_path / "data")
    text = (data / "train.jsonl").read_text("utf-8")
    (data / "train.jsonl").write_text(text.replace('["青石巷", "作者"', '["《青石巷》", "作者"'), "utf-8")
    made = recipe(training={"labelling": {"repairs": ["brackets"]}})
    found = sentences(made, tmp_path)
    subjects = {each.record.triples[0][0] for each in found.fitted if each.record.triples}
    held_out = {each.record.triples[0][0] for each in found.held_out if each.record.triples}
    assert "《青石巷》" not in subjects
    assert "《青石巷》" in held_out


def test_sentences_know_which_predicates_their_file_never_labels(tmp_path):
    data = dataset(tmp_path / "data")
    write_json(data / "unlabelled.json", {"train": ["出生地"]})
    fields = with_views(tmp_path)
    found = sentences(recipe(augmentation={"views": 1, "swap": "subject"}), tmp_path, **fields)
    (view,) = found.views
    assert {each.unlabelled for each in [*found.fitted, *view, *found.held_out]} == {(INDEX["出生地"],)}
    batch = found.batch(Stage(), 0, 0)
    assert (batch.targets["head"][:, 1 + INDEX["出生地"]] == -1).all()


def first_round(folder, **scores) -> Path:
    """First-round scores of triples, by `n` and the number of a sentence."""
    folder.mkdir()
    ids = [f"train:{number[1:]}" for number in scores]
    values = Candidates.of({key(triple): score for triple, score in each.items()} for each in scores.values())
    prediction_files.write(folder, PART, Scores(ids, values))
    return folder


ADDED = ("何景", "出生地", "青石巷")


JUDGED = {"labelling": {"most_dropped": 1.0}}


def test_labels_of_a_first_round_reach_the_fitted_sentences(tmp_path):
    labels = first_round(tmp_path / "labels", n4={ADDED: 0.99}, n5={("何景", "出生地", "南屏"): 0.9})
    found = sentences(recipe(training=JUDGED), tmp_path, labels=labels)
    by_id = {each.record.id: each for each in found.fitted}
    assert by_id["train:4"].record.triples == (ADDED,)
    assert len(by_id["train:4"].labels) == 1
    assert by_id["train:5"].record.triples == (("何景", "出生地", "南屏"),)
    given = {each.id: each.triples for each in files.records(tmp_path / "data", "train")}
    for id in by_id.keys() - {"train:4", "train:5"}:
        assert by_id[id].record.triples == given[id]
    assert [each.record.triples for each in found.held_out] == [
        given[each.record.id] for each in found.held_out
    ]


def test_views_of_sentences_with_new_labels_give_way_to_them(tmp_path):
    labels = first_round(tmp_path / "labels", n4={ADDED: 0.99})
    fields = with_views(tmp_path)
    judged = recipe(augmentation={"views": 1}, training=JUDGED)
    found = sentences(judged, tmp_path, labels=labels, **fields)
    (view,), fitted = found.views, found.fitted
    places = {each.record.id: place for place, each in enumerate(fitted)}
    assert view[places["train:4"]] == fitted[places["train:4"]]
    assert any(view[place].record != fitted[place].record for place in places.values())


def test_words_come_from_what_was_encoded(tmp_path):
    made = recipe("pointer", encoder=WORDS)
    found = sentences(made, tmp_path, **with_views(tmp_path))
    known = found.tokenizer.words.numbered
    (given,) = [each for each in found.fitted if each.record.id == "train:4"]
    assert given.record.text == "《青石巷》是何景写的"
    assert given.inputs["words"][2] == given.inputs["words"][4] == known["青石巷"]


@pytest.mark.parametrize("method", EVERYTHING)
def test_marks_in_held_out_sentences_are_measured_after_each_epoch(tmp_path, method):
    from tasks.extraction.training import build

    made = job(recipe(method, **EVERYTHING[method]), tmp_path, **with_views(tmp_path))
    training = build(made)
    figures = training.evaluate(training.model)
    assert figures == training.evaluate(training.model)
    assert figures.keys() == {"held_out_f1_of_marks"}
    assert 0 <= figures["held_out_f1_of_marks"] <= 1


@pytest.mark.parametrize(("sure", "f1"), [(8.0, 1.0), (-8.0, 0.0)])
@pytest.mark.parametrize("method", METHODS)
def test_a_model_that_marks_all_labels_and_nothing_else_has_an_f1_of_one(tmp_path, method, sure, f1):
    found = sentences(recipe(method), tmp_path)
    network = certain(found.held_out, method=method, predicates=len(found.predicates), sure=sure)

    class Model:
        @staticmethod
        def predict_on_batch(inputs):
            outputs = dict(network.sentence.predict_on_batch(inputs))
            if network.objects:
                span = inputs["span"][:, 0]
                outputs["object"] = network.objects.predict_on_batch({**outputs, "span": span})
            return outputs

    assert found.evaluate(Model) == {"held_out_f1_of_marks": f1}


def test_settings_that_have_no_effect_are_refused():
    for name, value in (("trainable", "head"), ("layer_decay", 0.5)):
        with pytest.raises(ValueError, match="expected neither trainable nor layer_decay"):
            recipe(training={"stages": [{name: value}]})


def test_views_that_swap_both_names_are_refused_with_distant_supervision():
    with pytest.raises(ValueError, match=r"augmentation\.swap"):
        recipe("pointer", distant=True, augmentation={"views": 1, "swap": "both"})
    recipe("pointer", distant=True, augmentation={"views": 1, "swap": "object"})
