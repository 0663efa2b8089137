import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.extraction import dataset as files
from tasks.extraction.config import Encoder, Pretraining, Recipe
from tasks.extraction.vocabulary import END, FIRST, MASK, UNKNOWN
from tests.extraction.jobs import ENCODERS, STAGE, dataset, job, reader, recipe

SETTINGS = {"stages": [STAGE], "batch_characters": 256, "texts": "train"}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Importing the language model takes Keras."""
    from tasks.learning.devices import configure

    configure(0)


def pretraining(tmp_path, kind: str = "dgcnn", *, encoder=None, **fields):
    settings = {"pretraining": {**SETTINGS, **fields}, "encoder": ENCODERS[kind] | (encoder or {})}
    return job(settings, tmp_path, fold=None, folds=None)


def texts(tmp_path, **fields):
    from tasks.extraction.language_model import Texts

    made = pretraining(tmp_path, **fields)
    encoder = Encoder.model_validate(made.settings["encoder"])
    return Texts(made, encoder, Pretraining.model_validate(made.settings["pretraining"]))


def batches(found, *, epochs: int = 40) -> list:
    return [
        found.batch(Stage(), epoch, step) for epoch in range(epochs) for step in range(len(found.plan(epoch)))
    ]


def guessed(batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, places and true tokens of what is to be guessed."""
    rows, columns = np.nonzero(batch.targets["guess"] >= 0)
    return rows, batch.inputs["places"][rows, columns], batch.targets["guess"][rows, columns]


def test_a_share_of_the_characters_is_to_be_guessed_never_the_tokens_around_them(tmp_path):
    found = texts(tmp_path, masked=0.25)
    plain = {tuple(each["characters"].tolist()) for each in found._sentences}
    for batch in batches(found, epochs=4):
        rows, places, truth = guessed(batch)
        restored = batch.inputs["characters"].copy()
        restored[rows, places] = truth
        for row, tokens in enumerate(restored):
            count = int(np.flatnonzero(tokens == END)[0]) + 1
            own = places[rows == row]
            assert tuple(tokens[:count].tolist()) in plain
            assert len(own) == len(set(own.tolist())) == max(1, round(0.25 * (count - 2)))
            assert own.min() >= 1
            assert own.max() <= count - 2


def test_of_these_most_are_hidden_some_exchanged_some_left(tmp_path):
    fates = []
    for batch in batches(texts(tmp_path, masked=0.3)):
        rows, places, truth = guessed(batch)
        shown = batch.inputs["characters"][rows, places]
        fates.append(np.where(shown == MASK, 0, np.where(shown == truth, 2, 1)))
        assert (shown[shown != MASK] >= FIRST).all()
    shares = np.bincount(np.concatenate(fates), minlength=3) / len(np.concatenate(fates))
    assert len(np.concatenate(fates)) > 1500
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.04)


def test_vectors_of_what_is_hidden_are_hidden_too(tmp_path):
    characters = [character for character, _ in files.characters(dataset(tmp_path / "data"))]
    vectors = np.random.default_rng(0).normal(size=(len(characters), 4))
    np.savez(tmp_path / "v.npz", characters=np.array(characters), vectors=vectors)
    encoder = {"dgcnn": ENCODERS["dgcnn"]["dgcnn"] | {"vectors": str(tmp_path / "v.npz")}}
    for batch in batches(texts(tmp_path, encoder=encoder), epochs=8):
        rows, places, truth = guessed(batch)
        shown, vector = (batch.inputs[name][rows, places] for name in ("characters", "vectors"))
        assert (vector[shown == MASK] == MASK).all()
        exchanged = (shown != MASK) & (shown != truth)
        assert (vector[exchanged] == UNKNOWN).all()


def test_encoders_that_read_words_cannot_be_pretrained():
    words = {"dgcnn": {"words": True}}
    with pytest.raises(ValueError, match=r"encoder\.dgcnn\.words: expected false"):
        Recipe.model_validate({"encoder": words, "pretraining": {"stages": [STAGE]}})
    Recipe.model_validate({"encoder": {**words, "kind": "bert"}, "pretraining": {"stages": [STAGE]}})


@pytest.mark.parametrize(("parts", "count"), [("train", 12), ("all", 19)])
def test_texts_are_those_of_the_parts_asked_for(tmp_path, parts, count):
    assert len(texts(tmp_path, texts=parts)._sentences) == count


def test_a_batch_is_a_function_of_its_place(tmp_path):
    first, again = texts(tmp_path), texts(tmp_path)
    ahead = first.batch(Stage(), 3, 1)
    first.batch(Stage(), 4, 0)
    for one in (first, again):
        found = one.batch(Stage(), 3, 1)
        for name, value in (found.inputs | found.targets).items():
            np.testing.assert_array_equal(value, (ahead.inputs | ahead.targets)[name])


def test_epochs_may_be_asked_for_in_turn_by_many_threads(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    found = texts(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: found.batch(Stage(), number % 3, 0), range(300)))
    assert len(made) == 300


def test_guesses_lose_the_mean_cross_entropy_of_what_is_to_be_guessed():
    from tasks.extraction.language_model import guess_loss

    logits = np.random.default_rng(0).normal(size=(2, 3, 5))
    targets = np.array([[4, 0, -1], [2, -1, -1]])
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = -(logs[0, 0, 4] + logs[0, 1, 0] + logs[1, 0, 2]) / 3
    assert float(guess_loss(targets, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(guess_loss(np.full((2, 3), -1), logits)) == 0


def test_logits_are_of_the_places_asked_for(tmp_path):
    from keras import ops

    from tasks.extraction.language_model import network

    own = reader(recipe(), dataset(tmp_path / "data"))
    model = network(own, seed=0)
    tokens = own.batch([own.read("何景写《北窗》")])["characters"]
    every = np.arange(9, dtype=np.int32)[None]
    whole = ops.convert_to_numpy(model({"characters": tokens, "places": every})["guess"])
    some = ops.convert_to_numpy(model({"characters": tokens, "places": every[:, [5, 2, 2]]})["guess"])
    assert whole.shape == (1, 9, own.characters.size)
    np.testing.assert_allclose(some, whole[:, [5, 2, 2]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["dgcnn", "bert"])
def test_a_training_starts_from_the_encoder_of_the_language_model(tmp_path, kind):
    from tasks.extraction.encoders import PREFIX
    from tasks.extraction.language_model import build
    from tasks.extraction.training import build as build_recipe

    started = pretraining(tmp_path, kind)
    model = build(started).model
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=value.shape) for value in model.get_weights()])
    model.save_weights(started.output / "model.weights.h5")
    made = recipe("gplinker", kind)
    network = build_recipe(job(made, tmp_path, start=started.output, output=tmp_path / "out")).model
    fresh = build_recipe(job(made, tmp_path, output=tmp_path / "out")).model
    names = [each.name for each in network.layers if each.name.startswith(PREFIX) and each.weights]
    assert names == [each.name for each in model.layers if each.name.startswith(PREFIX) and each.weights]
    for name in names:
        given = model.get_layer(name).get_weights()
        assert len(given) > 0
        for one, other in zip(network.get_layer(name).get_weights(), given, strict=True):
            np.testing.assert_array_equal(one, other)
    head, own = network.get_layer("entity").get_weights(), fresh.get_layer("entity").get_weights()
    assert all((one == other).all() for one, other in zip(head, own, strict=True))


def test_a_pretraining_learns_to_guess(tmp_path, keras):
    from tasks.extraction.language_model import build
    from tasks.learning.fitting import fit

    stages = [{**STAGE, "epochs": 8, "learning_rate": 0.03}]
    training = build(pretraining(tmp_path, stages=stages, masked=0.3))
    rows = fit(training, tmp_path / "partial", checkpoint_seconds=99, workers=1, tell=lambda text: None)
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5
