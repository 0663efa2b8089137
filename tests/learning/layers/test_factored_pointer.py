from typing import Any

import numpy as np
import pytest

HEADS, LENGTH, PLACES = 5, 12, 8
PADDED = 3
"""Positions at the end that are padding."""


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here computes."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def drawn(seed: int, *, sure: float | None = None, labels: int = 6, bound: float = 20 / 3, batch: int = 2):
    """Targets, factors and dense labels; scores lie within 3 · bound.

    A sure label is one of every head, and so much surer.
    """
    random = np.random.default_rng(seed)
    factors = random.uniform(-bound, bound, (batch, LENGTH + 2 * HEADS, LENGTH)).astype(np.float32)
    factors[:, LENGTH:, -PADDED:] -= 1e4
    targets = np.zeros((batch, 1 + HEADS, PLACES), np.int32)
    dense = np.zeros((batch, HEADS, LENGTH * LENGTH), np.float32)
    inner = LENGTH - PADDED
    pairs = [divmod(place, inner) for place in range(1, inner * inner)]
    for row in range(batch):
        for place, chosen in enumerate(random.choice(len(pairs), labels, replace=False)):
            first, second = pairs[chosen]
            own = random.random(HEADS) < (0.5 if sure is None else 2)
            own[random.integers(HEADS)] = True
            targets[row, 0, place], targets[row, 1:, place] = first * LENGTH + second, own
            dense[row, own, first * LENGTH + second] = 1
            if sure is not None:
                factors[row, first, second] += sure
    return targets, factors, dense


def laid_out(factors: np.ndarray) -> np.ndarray:
    """(b, heads, n²) float64 scores."""
    factors = factors.astype(np.float64)
    content, u, v = np.split(factors, [LENGTH, LENGTH + HEADS], axis=1)
    return (content[:, None] + u[..., None] + v[:, :, None]).reshape(len(factors), HEADS, -1)


def reference(dense: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """ZLPR by its definition, in float64, without the pair (0, 0)."""
    labels = dense.astype(bool)
    rest = ~labels
    rest[..., 0] = False
    one = np.zeros(scores.shape[:-1])
    negative = np.logaddexp(one, np.logaddexp.reduce(np.where(rest, scores, -np.inf), axis=-1))
    positive = np.logaddexp(one, np.logaddexp.reduce(np.where(labels, -scores, -np.inf), axis=-1))
    return (negative + positive).sum(axis=-1)


def loss(targets, factors) -> np.ndarray:
    from keras import ops

    from tasks.learning.layers.factored_pointer import factored_zlpr

    return ops.convert_to_numpy(factored_zlpr(targets, factors))


def gradient(targets, factors) -> np.ndarray:
    import tensorflow as tf

    from tasks.learning.layers.factored_pointer import factored_zlpr

    given = tf.constant(factors)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = factored_zlpr(targets, given)
    return tape.gradient(value, given).numpy()


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_loss_of_the_scores_laid_out(seed):
    targets, factors, dense = drawn(seed)
    np.testing.assert_allclose(loss(targets, factors), reference(dense, laid_out(factors)), rtol=1e-6)


@pytest.mark.parametrize("head", [0, 2])
def test_a_head_of_which_nothing_is_known_has_no_loss(head):
    targets, factors, _ = drawn(1)
    denied = targets.copy()
    denied[:, 1 + head] = -1
    alone = np.concatenate([targets[:, :1], targets[:, 1 + head : 2 + head]], axis=1)
    heads = targets.shape[1] - 1
    rows = [*range(LENGTH), LENGTH + head, LENGTH + heads + head]
    # a pair that is a label of another head is a negative of this one in both
    np.testing.assert_allclose(
        loss(denied, factors), loss(targets, factors) - loss(alone, factors[:, rows]), rtol=1e-5, atol=1e-5
    )
    slopes = gradient(denied, factors)
    assert not slopes[:, [LENGTH + head, LENGTH + heads + head]].any()
    assert slopes.any()


def test_a_table_without_padding_leaves_the_first_pair_out_too():
    targets, factors, dense = drawn(0, labels=PLACES)
    factors[:, 0, 0] = 50  # the content of (0, 0), which would be all the loss
    assert (targets[:, 0] > 0).all()
    np.testing.assert_allclose(loss(targets, factors), reference(dense, laid_out(factors)), rtol=1e-5)


@pytest.mark.parametrize("sure", [30.0, 60.0, 120.0])
def test_the_surest_label_hides_nothing_of_the_rest(sure):
    targets, factors, dense = drawn(7, sure=sure, bound=1.0)
    for least in (0.0, 12.0):  # the rest is in doubt, or rightly denied
        factors[:, :LENGTH] -= least
        whole = reference(dense, laid_out(factors))
        np.testing.assert_allclose(loss(targets, factors), whole, rtol=1e-5, atol=1e-6)


def unpadded(factors: np.ndarray) -> np.ndarray:
    """The factors without what rules padding out; the dense form has a mask for that."""
    found = factors.copy()
    found[:, LENGTH:, -PADDED:] += 1e4
    return found


def counted() -> np.ndarray:
    """(n²,) bool: neither padding nor the pair (0, 0)."""
    real = np.arange(LENGTH) < LENGTH - PADDED
    found = (real[:, None] & real).reshape(-1)
    found[0] = False
    return found


def zlpr(scores: Any, targets: np.ndarray) -> Any:
    """ZLPR of the pairs that count by its definition, in TensorFlow and float64."""
    import tensorflow as tf

    scores, none = tf.cast(scores, tf.float64), tf.constant(-1e4, tf.float64)
    signs = [(targets == 0, scores), (targets == 1, -scores)]
    sums = [tf.reduce_logsumexp(tf.where(side & counted(), x, none), axis=-1) for side, x in signs]
    return sum(tf.math.softplus(each) for each in sums)


def test_it_is_what_the_dense_form_gives():
    targets, factors, dense = drawn(1)
    scores = laid_out(unpadded(factors)).astype(np.float32)
    whole = zlpr(scores, dense).numpy().sum(axis=-1)
    np.testing.assert_allclose(loss(targets, factors), whole, rtol=1e-6)


def test_its_gradient_is_that_of_the_scores_laid_out():
    import tensorflow as tf

    targets, factors, dense = drawn(2)
    given = tf.constant(unpadded(factors))
    with tf.GradientTape() as tape:
        tape.watch(given)
        content, u, v = tf.split(given, [LENGTH, HEADS, HEADS], axis=1)
        scores = tf.reshape(content[:, None] + u[..., None] + v[:, :, None], (2, HEADS, -1))
        value = tf.reduce_sum(zlpr(scores, dense), axis=-1)
    whole = tape.gradient(value, given).numpy()
    np.testing.assert_allclose(gradient(targets, factors), whole, rtol=1e-4, atol=1e-6)


def test_no_labels_at_all_leave_the_sum_over_all_pairs():
    targets, factors, dense = drawn(3, labels=0)
    np.testing.assert_allclose(loss(targets, factors), reference(dense, laid_out(factors)), rtol=1e-6)


def test_rows_of_nothing_but_padding_lose_nothing_and_teach_nothing():
    targets, factors, _ = drawn(4, labels=0)
    factors[0, LENGTH:] -= 1e4
    assert loss(targets, factors)[0] == 0
    found = gradient(targets, factors)
    assert np.isfinite(found).all()
    assert not found[0].any()
    assert found[1].any()


def test_padding_teaches_nothing():
    targets, factors, _ = drawn(5)
    found = gradient(targets, factors)
    assert not found[:, :LENGTH, -PADDED:].any()
    assert not found[:, :, -PADDED:].any()
    assert np.isfinite(found).all()


def test_the_order_of_labels_and_the_width_of_their_table_do_not_matter():
    targets, factors, _ = drawn(6)
    turned = np.concatenate([targets[..., ::-1], np.zeros_like(targets)], axis=-1)
    np.testing.assert_allclose(loss(turned, factors), loss(targets, factors), rtol=1e-6)


def test_sentences_do_not_mix():
    targets, factors, _ = drawn(8, batch=3)
    alone = [loss(targets[row : row + 1], factors[row : row + 1])[0] for row in range(3)]
    np.testing.assert_allclose(loss(targets, factors), alone, rtol=1e-6)


def pointer(seed: int | None = 0):
    from tasks.learning.layers.factored_pointer import FactoredPointer

    return FactoredPointer(HEADS, head_size=4, seed=seed)


def applied(layer, x, mask) -> np.ndarray:
    from keras import ops

    return ops.convert_to_numpy(layer(x.astype(np.float32), mask.astype(np.float32)))


def test_factors_are_content_and_two_biases_of_each_head():
    x, layer = np.random.default_rng(0).normal(size=(1, LENGTH, 6)), pointer()
    found = applied(layer, x, np.ones((1, LENGTH, 1)))[0]
    (kernel, bias), (bias_kernel, bias_bias) = layer.content.get_weights(), layer.biases.get_weights()
    both = x[0] @ kernel + bias
    np.testing.assert_allclose(found[:LENGTH], both[:, ::2] @ both[:, 1::2].T / 2, rtol=1e-4, atol=1e-5)
    biases = (both @ bias_kernel + bias_bias).T / 2
    np.testing.assert_allclose(found[LENGTH : LENGTH + HEADS], biases[1::2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[LENGTH + HEADS :], biases[::2], rtol=1e-4, atol=1e-5)


def test_padding_changes_no_score_and_is_ruled_out():
    x, mask = np.random.default_rng(0).normal(size=(1, LENGTH, 6)), np.ones((1, LENGTH, 1))
    mask[:, -PADDED:] = 0
    layer = pointer()
    found, alone = applied(layer, x, mask), applied(layer, x[:, :-PADDED], mask[:, :-PADDED])
    inner = LENGTH - PADDED
    np.testing.assert_allclose(found[:, :inner, :inner], alone[:, :inner], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[:, LENGTH:, :inner], alone[:, inner:], rtol=1e-5, atol=1e-6)
    assert (found[:, LENGTH:, inner:] < -5e3).all()


def test_a_seed_decides_the_weights_and_settings_survive():
    import keras

    first, again, other = (pointer(seed) for seed in (0, 0, 1))
    x, mask = np.ones((1, 2, 6)), np.ones((1, 2, 1))
    found = [applied(layer, x, mask) for layer in (first, again, other)]
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0] != found[2]).any()
    copied = keras.layers.deserialize(keras.layers.serialize(first))
    np.testing.assert_array_equal(applied(copied, x, mask), found[0])


@pytest.mark.parametrize("largest", [514 * 514 - 1])
def test_a_compiled_model_loses_what_the_function_says(keras, largest):
    targets, factors, _ = drawn(9)
    given = keras.Input((None, LENGTH))
    model = keras.Model(given, {"head": keras.layers.Identity(name="head")(given)})
    from tasks.learning.layers.factored_pointer import factored_zlpr

    model.compile(loss={"head": factored_zlpr})
    told = model.test_on_batch(factors, {"head": targets}, return_dict=True)
    assert told["loss"] == pytest.approx(loss(targets, factors).mean(), rel=1e-6)
    assert np.float32(largest) == largest  # what Keras makes of the numbers of pairs on the way
