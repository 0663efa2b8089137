import numpy as np
import pytest


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def direct(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The definition in float64."""
    scores = scores.astype(np.float64)
    negative = np.log1p((np.exp(scores) * (targets == 0)).sum(-1))
    return negative + np.log1p((np.exp(-scores) * (targets == 1)).sum(-1))


def few(*, count: int = 200, positives: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (4, 3, k) in −20 … 20, indices of positives padded by 0, and the same as 0 and 1."""
    drawn = np.random.default_rng(0)
    scores = drawn.uniform(-20, 20, (4, 3, count)).astype(np.float32)
    indices = np.zeros((4, 3, positives), np.int32)
    for row in np.ndindex(4, 3):
        chosen = drawn.choice(np.arange(1, count), drawn.integers(0, positives + 1), replace=False)
        indices[row][: len(chosen)] = chosen
    targets = np.zeros_like(scores)
    np.put_along_axis(targets, indices, 1, axis=-1)
    targets[..., 0] = 0
    return scores, indices, targets


def test_sparse_equals_the_definition_without_the_label_zero(keras):
    from tasks.learning.layers.losses import sparse_zlpr

    scores, indices, targets = few()
    found = np.array(sparse_zlpr(scores, indices))
    np.testing.assert_allclose(found, direct(scores[..., 1:], targets[..., 1:]), rtol=1e-6, atol=1e-6)


def test_sparse_keeps_negatives_beside_a_sure_positive(keras):
    from tasks.learning.layers.losses import sparse_zlpr

    scores = floats(0, 30, -3)[None, None]
    found = float(sparse_zlpr(scores, np.array([[[1]]], np.int32))[0, 0])
    np.testing.assert_allclose(found, np.log1p(np.exp(-3)), rtol=1e-5)


def test_masked_labels_do_not_count(keras):
    from tasks.learning.layers.losses import sparse_zlpr

    scores, indices, targets = few()
    mask = np.zeros((4, 1, 200), np.float32)
    mask[..., 1:90] = 1
    expected = direct(scores[..., 1:90], targets[..., 1:90])
    found = np.array(sparse_zlpr(scores, indices, mask=mask))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def losses():
    from tasks.learning.layers import losses as module

    none = np.zeros((2, 3, 4), np.int32)
    zeros = np.zeros((2, 3, 6), np.float32)
    return {
        "sparse": lambda scores, mask: module.sparse_zlpr(scores, none + 2, mask=mask),
        "sparse, none": lambda scores, mask: module.sparse_zlpr(scores, none, mask=mask),
        "cross-entropy": lambda scores, mask: mask * module.cross_entropy(module.log_power(scores, 4), zeros),
    }


@pytest.mark.parametrize("score", [-1e3, -80.0, 0.0, 60.0, 1e3])
@pytest.mark.parametrize("loss", ["sparse", "sparse, none", "cross-entropy"])
def test_losses_and_gradients_are_finite_and_masked_rows_learn_nothing(keras, score, loss):
    import tensorflow as tf

    scores = tf.fill((2, 3, 6), score)
    mask = np.ones((2, 3, 1), np.float32)
    mask[1] = 0
    for given in (mask, np.zeros_like(mask)):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value = losses()[loss](scores, given)
        gradient = tape.gradient(value, scores).numpy()
        assert np.isfinite(value.numpy()).all()
        assert np.isfinite(gradient).all()
        assert not gradient[1].any()


def test_cross_entropy_of_powers_and_products(keras):
    from tasks.learning.layers.losses import cross_entropy, log_power

    logits = np.linspace(-6, 6, 13)
    for power in (1, 2, 4):
        shares = (1 / (1 + np.exp(-logits))) ** power
        for target in (0.0, 0.3, 1.0):
            found = np.array(cross_entropy(log_power(logits, power), np.full(13, target)))
            expected = -target * np.log(shares) - (1 - target) * np.log(1 - shares)
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    product = log_power(logits, 1) + log_power(-logits, 1)
    shares = 1 / (1 + np.exp(-logits)) / (1 + np.exp(logits))
    np.testing.assert_allclose(np.array(cross_entropy(product, np.zeros(13))), -np.log(1 - shares), rtol=1e-4)


def test_a_sure_mistake_still_learns(keras):
    import tensorflow as tf

    from tasks.learning.layers.losses import cross_entropy, log_power

    for power in (1, 2):
        logits = tf.constant([20.0, 40.0])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = cross_entropy(log_power(logits, power), tf.zeros(2))
        np.testing.assert_allclose(tape.gradient(loss, logits).numpy(), 1, rtol=1e-3)
