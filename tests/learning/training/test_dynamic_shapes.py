from typing import Any

import numpy as np
import pytest

from tasks.learning.training.dynamic_shapes import open_signature
from tasks.learning.training.train_step import TrainStep

WIDTH = 6


@pytest.fixture(autouse=True, scope="module")
def _ready():
    """Every test here trains."""
    from tasks.learning.training.keras_setup import configure

    configure(0)


def model(length: int | None = None):
    """A network over sequences, compiled; the same numbers at every call."""
    import keras
    from keras import layers, ops

    def drawn(seed: int) -> Any:
        # seeds of their own: Keras draws others from Python's `random`, which threads of other tests use too
        return keras.initializers.GlorotUniform(seed=seed)

    tokens = keras.Input((length,), dtype="int32", name="tokens")
    hidden = layers.Dropout(0.2, seed=1)(layers.Embedding(9, WIDTH, embeddings_initializer=drawn(1))(tokens))
    hidden = layers.Conv1D(WIDTH, 3, padding="same", kernel_initializer=drawn(2))(hidden)
    tags = layers.Dense(2, kernel_initializer=drawn(3), name="tags")(hidden)
    whole = layers.Dense(1, kernel_initializer=drawn(4), name="whole")(ops.max(hidden, axis=1))
    made = keras.Model({"tokens": tokens}, {"tags": tags, "whole": whole})
    optimizer, losses = keras.optimizers.Adam(0.01), {"tags": squares, "whole": squares}
    optimizer.build(made.trainable_variables)
    made.compile(optimizer=optimizer, loss=losses, jit_compile=False)
    return made


def squares(targets, outputs):
    """(b,) losses of sequences."""
    from keras import ops

    return ops.mean(
        ops.square(outputs - ops.cast(targets, "float32")), axis=tuple(range(1, len(outputs.shape)))
    )


def batch(count: int, length: int):
    random = np.random.default_rng(count * 100 + length)
    targets = {"tags": random.normal(size=(count, length, 2)), "whole": random.normal(size=(count, 1))}
    return {"tokens": random.integers(0, 9, (count, length)).astype(np.int32)}, targets


SHAPES = [(4, 8), (4, 8), (2, 5), (3, 8), (1, 1), (4, 8)]


def trained(made, *, weights: np.ndarray | None = None, step: TrainStep | None = None) -> list[float]:
    """The losses of batches of several shapes, by `step`, or by Keras without one."""
    found = []
    for count, length in SHAPES:
        inputs, targets = batch(count, length)
        own = None if weights is None else dict.fromkeys(targets, weights[:count])
        if step is None:
            figures = made.train_on_batch(inputs, targets, sample_weight=own, return_dict=True)
            found.append(float(figures["loss"]))
        else:
            step(inputs, targets, own)
            found.append(step.read_sums()[0])
            step.reset_sums()
    return found


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.5, 0.0, 2.0], np.float32)])
def test_a_training_goes_as_it_would(weights):
    plain, opened = model(), model()
    expected = trained(plain, weights=weights)
    np.testing.assert_allclose(trained(opened, weights=weights, step=TrainStep(opened)), expected, rtol=1e-5)
    for one, other in zip(plain.get_weights(), opened.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_step_is_traced_once_whatever_comes():
    made, traced = model(), []
    take = made.train_step
    made.train_step = lambda data: traced.append(1) or take(data)
    step = TrainStep(made)
    trained(made, step=step)
    trained(made, step=step)
    assert len(traced) == 1
    assert len(step.shapes) == len(set(SHAPES))


def test_models_of_one_size_are_traced_for_each_number_of_records():
    made = model(length=8)
    assert open_signature(made, batch(4, 8)) is None
