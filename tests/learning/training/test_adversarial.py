import numpy as np
import pytest

from tasks.learning.training.adversarial import adversarial_model

TABLE = np.array([[1.0, -1.0], [2.0, 0.5], [0.25, 3.0]], np.float32)
X, Y = np.array([[0, 1], [1, 1]]), np.array([[1.0], [2.0]], np.float32)


def built(keras, *, length: float, optimizer: object = "sgd"):
    """Embeddings summed over two places and over their two columns, squared error."""
    inputs = keras.Input((2,), dtype="int32")
    table = keras.layers.Embedding(3, 2, name="characters")
    outputs = keras.ops.sum(table(inputs), axis=(1, 2), keepdims=False)[:, None]
    model = adversarial_model(inputs, outputs, length=length)
    table.set_weights([TABLE])
    model.compile(optimizer=optimizer, loss="mse", jit_compile=False)
    return model, table


def gradient(table: np.ndarray) -> np.ndarray:
    """Of mean (s - y)² with s the sum of the used rows' entries."""
    found = np.zeros_like(table)
    for rows, truth in zip(X, Y[:, 0], strict=True):
        for row in rows:
            found[row] += (table[rows].sum() - truth) * 2 / len(X)
    return found


def test_the_step_is_taken_with_the_gradient_at_the_shifted_table(keras):
    model, table = built(keras, length=0.3, optimizer=keras.optimizers.SGD(0.01))
    model.train_on_batch(X, Y)
    own = gradient(TABLE)
    shifted = TABLE + 0.3 * own / np.linalg.norm(own)
    assert table.get_weights()[0] == pytest.approx(TABLE - 0.01 * gradient(shifted), abs=1e-6)


def test_the_table_goes_back_to_the_same_bytes(keras):
    model, table = built(keras, length=0.3, optimizer=keras.optimizers.SGD(1e-30))
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(table.get_weights()[0], TABLE)


def test_the_loss_told_is_the_one_at_the_shifted_table(keras):
    losses = []
    for length in (0.0, 0.3):
        model, _ = built(keras, length=length)
        losses.append(float(model.train_on_batch(X, Y, return_dict=True)["loss"]))
    own = gradient(TABLE)
    shifted = TABLE + 0.3 * own / np.linalg.norm(own)
    expected = [np.mean((each[X].sum(axis=(1, 2)) - Y[:, 0]) ** 2) for each in (TABLE, shifted)]
    assert losses == pytest.approx(expected, rel=1e-5)
    assert losses[1] > losses[0]


def test_a_loss_without_gradient_shifts_nothing(keras):
    model, table = built(keras, length=0.3)
    model.train_on_batch(X, TABLE[X].sum(axis=(1, 2))[:, None])
    np.testing.assert_array_equal(table.get_weights()[0], TABLE)


def test_frozen_tables_are_left_alone(keras):
    inputs = keras.Input((2,), dtype="int32")
    table = keras.layers.Embedding(3, 2, name="characters", trainable=False)
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(table(inputs)))
    model = adversarial_model(inputs, outputs, length=0.3)
    before = table.get_weights()[0]
    model.compile(optimizer="sgd", loss="mse", jit_compile=False)
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(table.get_weights()[0], before)
