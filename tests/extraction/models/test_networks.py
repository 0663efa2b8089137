from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from tasks.extraction import dataset as files
from tasks.extraction.models.features import tokenized
from tasks.extraction.models.network import SentenceSizes
from tests.extraction.jobs import INDEX, METHODS, PREDICATES, dataset, recipe, tokenizer

KINDS = [(method, encoder) for encoder in ("dgcnn", "bert") for method in METHODS]
K = len(PREDICATES)
LONGEST = 40


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


@cache
def folder() -> Path:
    return dataset(Path(mkdtemp(prefix="podium-tests-")) / "data")


@cache
def network(method: str, encoder: str = "dgcnn", *, seed: int = 1, distant: bool = False):
    """A fresh network, and what reads for it; reads no more than the long sentence has."""
    made = settings(method, encoder, distant=distant)
    own = tokenizer(made, folder())
    return trainings(method).build(made, own, predicates=K, seed=seed), own


def settings(method: str, encoder: str, *, distant: bool = False):
    """A recipe with two subjects where a method draws them."""
    made = recipe(method, encoder, distant=distant, training={} if method == "gplinker" else {"subjects": 2})
    return made.model_copy(update={"encoder": made.encoder.model_copy(update={"longest": LONGEST})})


def trainings(method: str):
    """The method's module of trainings."""
    return import_module(f"tasks.extraction.{method}.training")


def outputs(model, inputs) -> dict[str, np.ndarray]:
    from keras import ops

    found = model({name: ops.convert_to_tensor(value) for name, value in inputs.items()}, training=False)
    found = found if isinstance(found, dict) else {"": found}
    return {name: ops.convert_to_numpy(value) for name, value in found.items()}


def short_and_long(own):
    """What is read of a short and of a long sentence."""
    texts = ["何景写《北窗》", "大家都知道" * 9]
    return [own.inputs(text) for text in texts]


def inner(name: str, value: np.ndarray, count: int) -> list[np.ndarray]:
    """Parts of a sentence's output that stand for its tokens."""
    if name == "entity":
        return [value[:, :count, :count]]
    if name in ("head", "tail"):
        length = value.shape[1]
        return [value[:count, :count], value[length:, :count]]
    return [value if name == "present" else value[:count]]


def same_tokens(one: dict, other: dict, count: int) -> None:
    for name in one:
        for a, b in zip(inner(name, one[name][0], count), inner(name, other[name][0], count), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize(("method", "encoder"), KINDS)
def test_padding_changes_nothing(method, encoder):
    made, own = network(method, encoder)
    short, long = short_and_long(own)
    count = len(short["characters"])
    alone = outputs(made.sentence, {"characters": short["characters"][None]})
    beside = outputs(made.sentence, own.batch([short, long]))
    assert beside["entity" if method == "gplinker" else "hidden"].shape[-2] == LONGEST + 2
    same_tokens(alone, beside, count)
    if made.objects:
        span = np.array([[1, 2], [1, 2]], np.int32)
        for found in (alone, beside):
            found.pop("subject")
            found["objects"] = outputs(made.objects, found | {"span": span[: len(found["hidden"])]})[""]
        same_tokens({"o": alone["objects"]}, {"o": beside["objects"]}, count)


@pytest.mark.parametrize(("method", "encoder"), [kind for kind in KINDS if kind[0] != "gplinker"])
def test_what_is_trained_is_what_predicts(method, encoder):
    made, own = network(method, encoder)
    inputs = own.batch(short_and_long(own))
    span = np.array([[[1, 2], [3, 3]], [[0, 0], [2, 5]]], np.int32)
    trained = outputs(made.training, inputs | {"span": span})
    sentence = outputs(made.sentence, inputs)
    np.testing.assert_allclose(trained["subject"], sentence.pop("subject"), rtol=1e-5, atol=1e-6)
    for place in (0, 1):
        found = outputs(made.objects, sentence | {"span": span[:, place]})[""]
        np.testing.assert_allclose(trained["object"][place::2], found, rtol=1e-5, atol=1e-6)
        assert found.shape == (2, LONGEST + 2, 2 * K)
    assert all((value <= 0).all() for value in trained.values())


def test_objects_depend_on_the_subject():
    made, own = network("casrel")
    sentence = outputs(made.sentence, own.batch(short_and_long(own)[:1]))
    sentence.pop("subject")
    kernel = made.training.get_layer("objects").normalisation.gamma_kernel
    kernel.assign(np.random.default_rng(0).normal(size=kernel.shape))
    first, other = (
        outputs(made.objects, sentence | {"span": np.array([span], np.int32)})[""]
        for span in ([1, 2], [3, 4])
    )
    kernel.assign(np.zeros(kernel.shape))
    assert np.abs(first - other).max() > 1e-3


def test_distant_channels_reach_subjects_and_objects():
    made, own = network("pointer", distant=True)
    inputs = own.batch(short_and_long(own)[:1])
    span = np.array([[[1, 2], [3, 4]]], np.int32)
    tokens = inputs["characters"].shape[1]
    told = {"distant": np.zeros((1, tokens, 2)), "distant_objects": np.zeros((2, tokens, 2 * K))}
    plain = outputs(made.training, inputs | {"span": span} | told)
    told["distant"][0, 2, 0] = 1
    of_subjects = outputs(made.training, inputs | {"span": span} | told)
    assert (of_subjects["subject"] != plain["subject"]).any()
    told["distant"][:], told["distant_objects"][1, 4, 1] = 0, 1
    of_objects = outputs(made.training, inputs | {"span": span} | told)["object"]
    assert (of_objects[0] == plain["object"][0]).all()
    assert (of_objects[1] != plain["object"][1]).any()


@pytest.mark.parametrize(("method", "encoder"), KINDS)
def test_a_sentence_as_long_as_is_read_fits(method, encoder):
    made, own = network(method, encoder)
    sentence = own.batch(short_and_long(own)[1:])
    assert sentence["characters"].shape == (1, LONGEST + 2)
    found = outputs(made.sentence, sentence)
    assert all(np.isfinite(value).all() for value in found.values())
    if made.objects:
        found.pop("subject")
        span = np.array([[LONGEST + 1, LONGEST + 1]], np.int32)
        assert np.isfinite(outputs(made.objects, found | {"span": span})[""]).all()


def test_a_seed_decides_all_weights():
    from tasks.learning.training.keras_setup import configure

    first = network("gplinker")[0].training.get_weights()
    configure(5)
    again = network.__wrapped__("gplinker")[0].training.get_weights()
    other = network("gplinker", seed=2)[0].training.get_weights()
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    drawn = [place for place, value in enumerate(first) if np.unique(value).size > 2]
    assert len(drawn) > 6
    assert all((first[place] != other[place]).any() for place in drawn)


def test_tags_lose_their_mean_over_tokens_whatever_the_padding():
    from keras import ops

    from tasks.extraction.tagging.network import tag_loss

    random = np.random.default_rng(0)
    logs, targets = -random.random((2, 6, 4)), (random.random((2, 6, 4)) < 0.3).astype(np.float32)
    targets[1, 4:] = -1
    known = np.array([*[[1] * 6], [1, 1, 1, 1, 0, 0]])[..., None]
    entropy = -np.where(targets == 1, logs, np.log(-np.expm1(logs))) * known
    found = float(tag_loss(targets, ops.convert_to_tensor(logs)))
    assert found == pytest.approx(entropy.sum() / 10, rel=1e-5)
    wider = [np.pad(value, ((0, 0), (0, 3), (0, 0)), constant_values=-1) for value in (targets, logs)]
    assert float(tag_loss(*wider)) == pytest.approx(found, rel=1e-6)


def test_the_mean_is_over_tokens_also_where_the_first_predicate_is_unknown():
    from tasks.extraction.tagging.network import tag_loss

    scores, labels = np.full((1, 5, 6), np.log(0.25), np.float32), np.zeros((1, 5, 6), np.float32)
    whole = float(tag_loss(labels, scores))
    labels[..., [0, 3]] = -1
    assert float(tag_loss(labels, scores)) == pytest.approx(whole * 2 / 3)
    labels[0, 3:] = -1
    assert float(tag_loss(labels, scores)) == pytest.approx(whole * 2 / 3)


def test_where_objects_may_have_no_label_only_those_that_overlap_one_are_denied():
    from tasks.extraction.gplinker.network import entity_loss

    length, label, sure = 8, (2, 4), 3.0
    targets = np.array([[[0, 0, 0], [0, label[0] * length + label[1], 0]]], np.int32)
    partly = targets.copy()
    partly[0, 1, 0] = 1

    def loss(targets, kind, first, last):
        scores = np.full((1, 2, length, length), -60.0, np.float32)
        scores[0, 1][label] = 60.0
        scores[0, kind, first, last] = sure
        return float(entity_loss(targets, scores)[0])

    denied = np.log1p(np.exp(sure))
    for first in range(1, length):
        for last in range(first, length):
            if (first, last) != label:
                overlaps = first <= label[1] and last >= label[0]
                assert loss(targets, 1, first, last) == pytest.approx(denied, rel=1e-5)
                expected = denied if overlaps else 0
                assert loss(partly, 1, first, last) == pytest.approx(expected, rel=1e-5, abs=1e-6)
            assert loss(partly, 0, first, last) == pytest.approx(denied, rel=1e-5)


def test_nothing_but_padding_loses_nothing():
    from tasks.extraction.tagging.network import tag_loss

    assert float(tag_loss(np.full((1, 3, 2), -1.0), np.full((1, 3, 2), -0.5))) == 0


@pytest.mark.parametrize(("method", "encoder"), KINDS)
def test_gradients_of_a_batch_are_finite_and_reach_the_encoder(method, encoder):
    import tensorflow as tf

    made, own = network(method, encoder)
    given = tokenized(files.records(folder(), "train")[:4], own, INDEX)
    inputs = own.batch([each.inputs for each in given])
    make_targets = trainings(method).target_maker(settings(method, encoder), (), INDEX)
    labels = max(map(trainings(method).label_count, given))
    sizes = SentenceSizes(inputs["characters"].shape[1], labels)
    further, targets = make_targets(given, sizes, np.random.default_rng(0))
    inputs |= further
    with tf.GradientTape() as tape:
        found = made.training(inputs, training=True)
        loss = sum(tf.reduce_mean(made.losses[name](targets[name], found[name])) for name in made.losses)
    gradients = tape.gradient(loss, made.training.trainable_variables)
    assert 0 < float(loss) < 1000
    assert all(np.isfinite(tf.convert_to_tensor(each)).all() for each in gradients)
    assert tf.linalg.global_norm(gradients) > 0
    assert sum(bool(tf.norm(tf.convert_to_tensor(each)) > 0) for each in gradients) > len(gradients) / 2


def test_predicates_of_these_tests_are_those_of_the_dataset():
    assert files.predicates(folder()) == list(INDEX)
