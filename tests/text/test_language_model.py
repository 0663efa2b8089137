import numpy as np
import pytest

from tasks.core.config import Stage
from tasks.text.config import Encoder, Pretraining
from tasks.text.normalisation import normalise
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import END, FIRST, MASK, UNKNOWN

TEXTS = (
    "《青石巷》是陆一舟写的",
    "何景，生于海州，著有《Rain》",
    "今天临江下雨",
    "大家都知道远帆公司成立于1992年，可是没有人知道它的总部",
) * 3
COUNTS = [(character, 9) for character in sorted(set(normalise("".join(TEXTS))))]
TINY = {"width": 8, "dilations": [1, 2], "minimum_count": 1}
STAGE = {"epochs": 1, "optimizer": "adam", "learning_rate": 0.01, "schedule": "constant"}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Importing the language model takes Keras."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def tokenizer(**dgcnn) -> Tokenizer:
    return Tokenizer(Encoder.model_validate({"dgcnn": TINY | dgcnn}), lambda: COUNTS)


def settings(**fields) -> Pretraining:
    return Pretraining.model_validate({"stages": [STAGE], "batch_characters": 256, **fields})


def texts(own: Tokenizer | None = None, **fields):
    from tasks.text.language_model import MaskedTexts

    return MaskedTexts(iter(TEXTS), own or tokenizer(), settings(**fields), seed=1)


def batches(found, *, epochs: int = 40) -> list:
    return [
        found.batch(Stage(), epoch, step) for epoch in range(epochs) for step in range(len(found.plan(epoch)))
    ]


def guessed(batch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, places and true tokens of what is to be guessed."""
    rows, columns = np.nonzero(batch.targets["guess"] >= 0)
    return rows, batch.inputs["places"][rows, columns], batch.targets["guess"][rows, columns]


def test_a_share_of_the_characters_is_to_be_predicted_never_the_tokens_around_them():
    found = texts(masked=0.25)
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


def test_most_chosen_characters_are_masked_some_replaced_some_left():
    fates = []
    for batch in batches(texts(masked=0.3)):
        rows, places, truth = guessed(batch)
        shown = batch.inputs["characters"][rows, places]
        fates.append(np.where(shown == MASK, 0, np.where(shown == truth, 2, 1)))
        assert (shown[shown != MASK] >= FIRST).all()
    shares = np.bincount(np.concatenate(fates), minlength=3) / len(np.concatenate(fates))
    assert len(np.concatenate(fates)) > 1500
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.04)


def test_vectors_of_masked_characters_are_masked_too(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(len(COUNTS), 4))
    np.savez(tmp_path / "v.npz", characters=np.array([character for character, _ in COUNTS]), vectors=vectors)
    for batch in batches(texts(tokenizer(vectors=str(tmp_path / "v.npz"))), epochs=8):
        rows, places, truth = guessed(batch)
        shown, vector = (batch.inputs[name][rows, places] for name in ("characters", "vectors"))
        assert (vector[shown == MASK] == MASK).all()
        exchanged = (shown != MASK) & (shown != truth)
        assert (vector[exchanged] == UNKNOWN).all()


def test_a_batch_is_a_function_of_its_place():
    first, again = texts(), texts()
    ahead = first.batch(Stage(), 3, 1)
    first.batch(Stage(), 4, 0)
    for one in (first, again):
        found = one.batch(Stage(), 3, 1)
        for name, value in (found.inputs | found.targets).items():
            np.testing.assert_array_equal(value, (ahead.inputs | ahead.targets)[name])


def test_threads_may_make_batches_of_several_epochs_at_once():
    from concurrent.futures import ThreadPoolExecutor

    found = texts()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: found.batch(Stage(), number % 3, 0), range(300)))
    assert len(made) == 300


def test_the_loss_is_the_mean_cross_entropy_of_the_places_with_a_target():
    from tasks.text.language_model import guess_loss

    logits = np.random.default_rng(0).normal(size=(2, 3, 5))
    targets = np.array([[4, 0, -1], [2, -1, -1]])
    logs = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    expected = -(logs[0, 0, 4] + logs[0, 1, 0] + logs[1, 0, 2]) / 3
    assert float(guess_loss(targets, logits)) == pytest.approx(expected, rel=1e-5)
    assert float(guess_loss(np.full((2, 3), -1), logits)) == 0


def test_logits_are_those_of_the_places():
    from keras import ops

    from tasks.text.language_model import network

    own = tokenizer()
    model = network(own, seed=0)
    tokens = own.batch([own.inputs("何景写《北窗》")])["characters"]
    every = np.arange(9, dtype=np.int32)[None]
    whole = ops.convert_to_numpy(model({"characters": tokens, "places": every})["guess"])
    some = ops.convert_to_numpy(model({"characters": tokens, "places": every[:, [5, 2, 2]]})["guess"])
    assert whole.shape == (1, 9, own.characters.size)
    np.testing.assert_allclose(some, whole[:, [5, 2, 2]], rtol=1e-5, atol=1e-6)


def test_a_pretraining_learns_to_guess(tmp_path, keras):
    from tasks.learning.training.loop import fit
    from tasks.text.language_model import training

    stages = [{**STAGE, "epochs": 8, "learning_rate": 0.03}]
    made = training(TEXTS, tokenizer(), settings(stages=stages, masked=0.3), seed=1)
    rows = fit(made, tmp_path / "partial", checkpoint_seconds=99, workers=1, report=lambda progress: None)
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.5


def test_trained_weights_are_loaded_again(tmp_path):
    from tasks.text.language_model import load, training

    model = training(TEXTS, tokenizer(), settings(), seed=1).model
    model.save_weights(tmp_path / "model.weights.h5")
    for one, other in zip(load(tmp_path, tokenizer()).get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
