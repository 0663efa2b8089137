from typing import Any

import numpy as np
import pytest

from tasks.learning.training.keras_setup import configure
from tasks.learning.training.optimizers import make_optimizer
from tests.learning.references import Adam, Sgd, constant, course, optimizer_of, state, variables, walk

ROWS = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
USED = [(0, 1), (0,), (1,), (0,)]
"""The rows with a gradient at each step; the last row never has one."""
near_to = {"abs": 1e-6, "rel": 1e-6}


@pytest.fixture(autouse=True, scope="module")
def _ready():
    configure(0)


def gradients() -> list[np.ndarray]:
    drawn = np.random.default_rng(0).normal(size=(len(USED), 3, 2))
    used = np.array([[row in rows for row in range(3)] for rows in USED])
    return list(drawn * used[:, :, None])


def lazily(rule: Any, gradient: np.ndarray) -> np.ndarray:
    """Update rows with a gradient only; steps are counted over all rows."""
    unused = ~(gradient != 0).any(axis=-1)
    arrays = {name: held for name, held in vars(rule).items() if np.shape(held) == gradient.shape}
    rule.update(gradient)
    for name, held in arrays.items():
        setattr(rule, name, np.where(unused[:, None], held, getattr(rule, name)))
    return rule.value


@pytest.mark.parametrize(("name", "decay"), [("adam", 0.0), ("adamw", 0.5), ("muon", 0.5)])
def test_rows_without_a_gradient_keep_their_bytes_and_moments(name, decay):
    optimizer = optimizer_of(constant(optimizer=name, weight_decay=decay, lazy_embeddings=True))
    rule = Adam(ROWS, decay=decay)
    expected = np.array([lazily(rule, gradient) for gradient in gradients()])
    (found,) = walk(optimizer, variables(embeddings=ROWS), gradients())
    assert found == pytest.approx(expected, **near_to)
    assert (found[:, 2] == ROWS[2]).all()
    assert (found[1, 1] == found[0, 1]).all()
    assert state(optimizer, "momentum") == pytest.approx(rule.m, **near_to)
    assert state(optimizer, "velocity") == pytest.approx(rule.v, **near_to)


def test_without_laziness_moments_go_on_moving_them():
    optimizer = optimizer_of(constant(optimizer="adam"))
    (found,) = walk(optimizer, variables(embeddings=ROWS), gradients())
    assert found == pytest.approx(course(Adam(ROWS), gradients()), **near_to)
    assert (found[1, 1] != found[0, 1]).all()


def test_the_momentum_of_sgd_waits_for_the_next_use_of_its_row():
    optimizer, rule = optimizer_of(constant(optimizer="sgd", lazy_embeddings=True)), Sgd(ROWS)
    expected = np.array([lazily(rule, gradient) for gradient in gradients()])
    (found,) = walk(optimizer, variables(embeddings=ROWS), gradients())
    assert found == pytest.approx(expected, **near_to)
    assert state(optimizer, "momentum") == pytest.approx(rule.step, **near_to)


def test_lion_changes_rows_in_use_only():
    optimizer = optimizer_of(constant(optimizer="lion", weight_decay=0.5, lazy_embeddings=True))
    (found,) = walk(optimizer, variables(embeddings=ROWS), gradients())
    for step, rows in enumerate(USED[1:], start=1):
        kept = (found[step] == found[step - 1]).all(axis=-1)
        assert np.flatnonzero(~kept).tolist() == list(rows)
    momentum = np.zeros((3, 2))
    for gradient in gradients():
        momentum = np.where(
            (gradient != 0).any(axis=-1, keepdims=True), 0.99 * momentum + 0.01 * gradient, momentum
        )
    assert state(optimizer, "momentum") == pytest.approx(momentum, **near_to)


def test_only_embeddings_are_lazy():
    stage = constant(optimizer="sgd", lazy_embeddings=True)
    learned = variables(embeddings=ROWS, kernel=ROWS)
    _, kernel = walk(optimizer_of(stage), learned, gradients(), gradients())
    assert kernel == pytest.approx(course(Sgd(ROWS), gradients()), **near_to)


def test_a_row_that_one_of_the_batches_uses_is_updated():
    settings = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 0.1, "weight_decay": 0.5}
    stage = constant(accumulate=2, lazy_embeddings=True, **settings)
    given = np.zeros((2, 3, 2))
    given[1, 0] = 1.0
    (found,) = walk(optimizer_of(stage), variables(embeddings=ROWS), list(given))
    assert found[1, 0] == pytest.approx(np.array(ROWS[0]) * 0.95 - 0.05, **near_to)
    assert found[1, 1:].tolist() == ROWS[1:]


def test_what_a_batch_does_not_hold_stays_inside_a_compiled_model(keras):
    table = keras.layers.Embedding(6, 2, name="characters")
    inputs = keras.Input((3,), dtype="int32")
    model = keras.Model(inputs, keras.layers.Dense(1)(table(inputs)))
    stage = constant(weight_decay=0.1, lazy_embeddings=True)
    optimizer = make_optimizer(stage, steps_per_epoch=1, factors={}, ema=0.0)
    model.compile(optimizer, loss="mse", jit_compile=False)
    before = table.get_weights()[0]
    for rows in ([1, 1, 2], [1, 4, 4]):
        model.train_on_batch(np.array([rows]), np.ones((1, 3, 1)))
    changed = (table.get_weights()[0] != before).any(axis=-1)
    assert np.flatnonzero(changed).tolist() == [1, 2, 4]
