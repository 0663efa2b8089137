from importlib import import_module

import numpy as np
import pytest

from tasks.core.competition import Scores
from tasks.extraction import dataset as files
from tasks.extraction import predict as predicting
from tasks.extraction.encode import encode
from tasks.extraction.models.inference import candidates
from tasks.extraction.models.training_knowledge import write_words
from tasks.extraction.records import triple_of
from tasks.learning.ensemble.candidates import concatenated
from tasks.text import dataset_files
from tasks.text.vocabulary import BEGIN, END, FIRST, UNKNOWN
from tests.extraction.jobs import (
    EVERYTHING,
    FOLDS,
    INDEX,
    METHODS,
    PREDICATES,
    dataset,
    job,
    read,
    recipe,
    tokenizer,
    write_json,
)

LONG_ENOUGH = [
    {"epochs": 50, "optimizer": "adam", "learning_rate": 0.02, "clip_norm": 5.0},
]
WIDER = {"dgcnn": {"width": 16, "dilations": [1, 2], "minimum_count": 1, "dropout": 0.0, "gate_dropout": 0.0}}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def known(monkeypatch, method: str, folder):
    """Let every model know all labels; texts of the test part, which has none, come again in the others."""
    from tests.extraction.certain import certain

    given = [each for part in ("test", "validation", "train") for each in read(recipe(method), folder, part)]
    network = certain(given, method=method, predicates=len(PREDICATES))
    monkeypatch.setattr(predicting, "_loaded", lambda *arguments: network)


def predicted(made) -> Scores:
    """The scores of a job's part, whose pieces follow each other."""
    pieces = list(predicting.predict(made))
    return Scores([id for each in pieces for id in each.ids], concatenated(each.values for each in pieces))


def answers(scores) -> dict[str, set]:
    return {
        id: {triple_of(each) for each in record}
        for id, record in zip(scores.ids, scores.values.records(), strict=True)
    }


def truth(folder, part: str) -> dict[str, set]:
    return {each.id: set(each.triples) for each in files.records(folder, part)}


@pytest.mark.parametrize("method", METHODS)
def test_parts_are_predicted_by_their_sentences(tmp_path, monkeypatch, method):
    folder = dataset(tmp_path / "data")
    known(monkeypatch, method, folder)
    held_out = predicted(job(recipe(method), tmp_path, fold=1, models=(tmp_path,), part="held_out"))
    train = truth(folder, "train")
    assert answers(held_out) == {f"train:{row}": train[f"train:{row}"] for row in range(1, 12, FOLDS)}
    for name in [*folder.glob("train.*"), folder / "folds.npy", folder / "ids.json"]:
        name.unlink()
    fields = {"fold": None, "folds": None, "models": (tmp_path,)}
    validation, test = (
        predicted(job(recipe(method), tmp_path, part=part, **fields)) for part in ("validation", "test")
    )
    assert answers(validation) == truth(folder, "validation")
    assert test.ids == dataset_files.ids(folder, "test")
    assert len(test.values) == len(test.ids)


def test_held_out_sentences_have_no_predicates_that_their_file_never_labels(tmp_path, monkeypatch):
    folder = dataset(tmp_path / "data")
    write_json(folder / "unlabelled.json", {"train": ["作者"], "validation": ["作者"]})
    known(monkeypatch, "gplinker", folder)
    found = answers(predicted(job(recipe(), tmp_path, fold=1, models=(tmp_path,), part="held_out")))
    labelled = truth(folder, "train")
    assert found == {id: {each for each in labelled[id] if each[1] != "作者"} for id in found}
    assert any(labelled[id] - found[id] for id in found)
    fields = {"fold": None, "folds": None, "models": (tmp_path,), "part": "validation"}
    assert answers(predicted(job(recipe(), tmp_path, **fields))) == truth(folder, "validation")


def test_a_part_without_sentences_is_predicted_too(tmp_path, monkeypatch):
    folder = dataset(tmp_path / "data")
    (folder / "validation.jsonl").write_text("", "utf-8")
    known(monkeypatch, "gplinker", folder)
    found = predicted(job(recipe(), tmp_path, fold=None, models=(tmp_path,), part="validation"))
    assert (found.ids, len(found.values)) == ([], 0)


def test_chunks_change_nothing(tmp_path, monkeypatch):
    known(monkeypatch, "pointer", dataset(tmp_path / "data"))
    made = job(recipe("pointer"), tmp_path, fold=1, models=(tmp_path,), part="held_out")
    whole = predicted(made)
    monkeypatch.setattr(predicting, "CHUNK", 3)
    pieces = predicted(made)
    assert (pieces.ids, pieces.values.records()) == (whole.ids, whole.values.records())


def test_sentences_are_read_piece_by_piece(tmp_path, monkeypatch):
    known(monkeypatch, "gplinker", dataset(tmp_path / "data"))
    monkeypatch.setattr(predicting, "CHUNK", 3)
    handed, stream = [], files.stream
    monkeypatch.setattr(
        files, "stream", lambda *given: (handed.append(each.id) or each for each in stream(*given))
    )
    made = job(recipe(), tmp_path, fold=None, models=(tmp_path,), part="validation")
    sizes = [(len(scores.ids), len(handed)) for scores in predicting.predict(made)]
    assert sizes == [(3, 3), (1, 4)]


def test_labels_have_no_effect(tmp_path, monkeypatch):
    folder = dataset(tmp_path / "data")
    known(monkeypatch, "gplinker", folder)
    made = job(recipe(), tmp_path, fold=0, models=(tmp_path,), part="held_out")
    before = answers(predicted(made))
    text = (folder / "train.jsonl").read_text("utf-8")
    (folder / "train.jsonl").write_text(text.replace('"作者"', '"出生地"'), "utf-8")
    assert answers(predicted(made)) == before


def trained(made, folder, *, fold=None, **fields):
    """A model fitted on all sentences, as the step's child leaves it."""
    from tests.extraction.jobs import fitted

    done = job(
        made, folder, fold=fold, output=folder / f"model {fold}", partial=folder / f"partial {fold}", **fields
    )
    fitted(done)
    return done.output


@pytest.mark.parametrize("method", [pytest.param("pointer", marks=pytest.mark.slow), "casrel", "gplinker"])
def test_a_fitted_model_finds_its_labels_alone_and_in_batches(tmp_path, method):
    subjects = {} if method == "gplinker" else {"subjects": 3}
    made = recipe(method, encoder=WIDER, training={"stages": LONG_ENOUGH, **subjects})
    model = trained(made, tmp_path)
    shown = made.for_prediction()
    assert shown.training.subjects == 1
    given = job(shown, tmp_path, fold=1, models=(model,), part="held_out")
    scores = predicted(given)
    expected = truth(given.dataset, "train")
    for id, record in zip(scores.ids, scores.values.records(), strict=True):
        assert {triple_of(each) for each, score in record.items() if score > 0.5} == expected[id]
    alone_is_the_same(model, shown, given, scores)


def alone_is_the_same(model, shown, given, scores) -> None:
    """One sentence at a time has the scores that it has in a batch."""
    inference = import_module(f"tasks.extraction.{shown.method}.inference")
    own = tokenizer(shown, given.dataset)
    network = predicting._loaded(inference, model, shown, own, len(PREDICATES))
    decode = inference.decoder([network], shown, INDEX, list)
    for each in read(shown, given.dataset):
        if each.record.id in scores.ids:
            found = candidates(decode, own, [each], PREDICATES).record(0)
            whole = scores.values.record(scores.ids.index(each.record.id))
            assert found.keys() == whole.keys()
            np.testing.assert_allclose([found[name] for name in whole], list(whole.values()), atol=1e-5)


@pytest.mark.slow
def test_scores_of_models_are_averaged(tmp_path):
    made = recipe("gplinker", encoder=WIDER, training={"stages": LONG_ENOUGH})
    models = [trained(made, tmp_path, fold=fold) for fold in (0, 1)]
    fields = {"fold": 2, "part": "held_out"}
    alone = [predicted(job(made, tmp_path, models=(model,), **fields)) for model in models]
    both = predicted(job(made, tmp_path, models=tuple(models), **fields))
    for row in range(len(both.ids)):
        first, other, mean = (each.values.record(row) for each in (*alone, both))
        for name in mean.keys() & first.keys() & other.keys():
            assert min(first[name], other[name]) - 1e-5 <= mean[name]
            assert mean[name] <= max(first[name], other[name]) + 1e-5


@pytest.mark.slow
def test_shuffled_labels_score_no_better_than_chance(tmp_path):
    from tasks.extraction.metric import scorer
    from tasks.learning.ensemble.members import join

    folder = dataset(tmp_path / "data", train=60)
    shuffle_labels(folder)
    made = recipe("gplinker", encoder=WIDER, training={"stages": LONG_ENOUGH})
    parts = []
    for fold in range(FOLDS):
        model = trained(made, tmp_path, fold=fold)
        parts.append(predicted(job(made, tmp_path, fold=fold, models=(model,), part="held_out")))
    ids, folds = dataset_files.ids(folder, "train"), np.load(folder / "folds.npy")
    assert scorer(folder)(join(parts, ids, folds)).value < 0.2


def shuffle_labels(folder) -> None:
    """Give each sentence two names of its own text and a predicate that are drawn."""
    import json

    random = np.random.default_rng(0)
    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").splitlines()]
    for line in lines:
        text = line["text"]
        places = random.integers(0, len(text) - 1, 2)
        names = [text[place : place + 2] for place in places]
        line["triples"] = [[names[0], str(random.choice(PREDICATES)), names[1]]]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "train.jsonl").write_text(text, "utf-8")


WORDS = {"dgcnn": {"width": 8, "dilations": [1], "words": True, "word_minimum_count": 1}}


def encoded(tmp_path, part: str):
    """A folder with the words of a part."""
    made = job({}, tmp_path, fold=None, view="words", part=part, output=tmp_path / f"{part} words")
    encode(made)
    return made.output


def test_words_are_inputs_and_numbered_as_the_model_has_stored_them(tmp_path, monkeypatch):
    dataset(tmp_path / "data")
    made, model = recipe(encoder=WORDS), tmp_path / "model"
    model.mkdir()
    write_words(model, [("巷", 3), ("青石巷", 2), ("是", 1)], minimum=2)
    seen = []
    monkeypatch.setattr(predicting, "_loaded", lambda *arguments: arguments[3])
    monkeypatch.setattr(
        predicting, "candidates", lambda decode, *given, shapes: seen.append(given) or empty(given)
    )
    (tmp_path / "data" / "train.jsonl").unlink()
    for part in ("validation", "test"):
        fields = {"models": (model, model), "part": part, "inputs": {"words": encoded(tmp_path, part)}}
        predicted(job(made, tmp_path, fold=None, folds=None, **fields))
    found = {each.record.id: each.inputs["words"].tolist() for given in seen for each in given[1]}
    ids = (dataset_files.ids(tmp_path / "data", part) for part in ("validation", "test"))
    assert found.keys() == {id for each in ids for id in each}
    text = "《青石巷》是陆一舟写的"
    known = [FIRST + 1 if 1 <= place <= 3 else UNKNOWN for place in range(len(text))]
    assert found["validation:0"] == found["test:0"] == [BEGIN, *known, END]


def test_words_that_are_missing_are_an_error(tmp_path, monkeypatch):
    dataset(tmp_path / "data")
    words = encoded(tmp_path, "test")
    lines = (words / "test_words.jsonl").read_text("utf-8").splitlines(keepends=True)
    (words / "test_words.jsonl").write_text("".join(lines[:-1]), "utf-8")
    monkeypatch.setattr(predicting, "_loaded", lambda *arguments: None)
    monkeypatch.setattr(predicting, "candidates", lambda decode, *given, shapes: empty(given))
    fields = {"models": (tmp_path,), "part": "test", "inputs": {"words": words}}
    with pytest.raises(ValueError, match="expected the words of test:2"):
        predicted(job(recipe(), tmp_path, fold=None, **fields))


def empty(given):
    from tasks.learning.ensemble.candidates import Candidates

    return Candidates.of({} for _ in given[1])


@pytest.mark.slow
def test_trained_models_hold_all_that_predictions_need_of_training_sentences(tmp_path):
    made, folder = recipe("pointer", **EVERYTHING["pointer"]), tmp_path / "data"
    words = {"words": encoded(tmp_path, "train")}
    models = tuple(trained(made, tmp_path, fold=fold, inputs=words) for fold in (0, 1))
    held_out = predicted(job(made, tmp_path, fold=0, models=models[:1], part="held_out", inputs=words))
    assert held_out.ids == dataset_files.ids(folder, "train")[::FOLDS]
    (folder / "train.jsonl").unlink()
    for part in ("validation", "test"):
        words = {"words": encoded(tmp_path, part)}
        fields = {"fold": None, "folds": None, "models": models, "part": part}
        found = predicted(job(made, tmp_path, inputs=words, **fields))
        assert found.ids == dataset_files.ids(folder, part)
        assert len(found.values) == len(found.ids)
