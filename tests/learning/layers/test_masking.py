"""Padding is no maximum and gets no share, also in a batch of one whose lengths equal its channels."""

import numpy as np
import pytest

COUNT = 16


@pytest.fixture(autouse=True)
def _ready(keras):
    """Every test here computes."""


def masked_by_hand(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.where(np.broadcast_to(mask, values.shape) > 0, values, np.float32(-1e9))


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize(
    ("shape", "of_mask"),
    [
        ((COUNT, COUNT), (COUNT, 1)),
        ((COUNT, 8), (COUNT, 1)),
        ((COUNT, COUNT), (1, COUNT)),
        ((1, COUNT, COUNT), (1, COUNT, 1)),
        ((COUNT, COUNT, 4), (COUNT, 1, 1)),
        ((4, COUNT, COUNT), (1, COUNT, 1)),
    ],
)
@pytest.mark.parametrize("in_graph", [False, True])
def test_values_are_masked_along_the_axes_of_the_mask(rows, shape, of_mask, in_graph):
    import tensorflow as tf

    from tasks.learning.layers.masking import masked

    random = np.random.default_rng(0)
    values = random.normal(size=(rows, *shape)).astype(np.float32)
    mask = (random.random((rows, *of_mask)) < 0.7).astype(np.float32)
    found = (tf.function(masked) if in_graph else masked)(tf.constant(values), tf.constant(mask))
    np.testing.assert_array_equal(np.asarray(found), masked_by_hand(values, mask))


@pytest.mark.parametrize("count", [COUNT - 2, COUNT, COUNT + 2])
def test_a_network_masks_one_record_as_it_does_among_others(keras, count):
    """Its symbolic operations are those of `keras.ops`, not those of the backend's tensors."""
    from keras import ops

    from tasks.learning.layers.masking import masked

    inputs = [keras.Input((None, COUNT)), keras.Input((None, 1))]
    network = keras.Model(inputs, ops.max(masked(*inputs), axis=1))
    random = np.random.default_rng(0)
    values = random.normal(size=(3, count, COUNT)).astype(np.float32)
    mask = np.ones((3, count, 1), np.float32)
    mask[:, count - 3 :] = 0
    expected = masked_by_hand(values, mask).max(axis=1)
    for rows in (slice(0, 1), slice(0, 3)):
        for found in (
            network([values[rows], mask[rows]]),
            network.predict_on_batch([values[rows], mask[rows]]),
        ):
            np.testing.assert_array_equal(np.asarray(found), expected[rows])
