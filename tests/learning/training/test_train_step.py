"""Steps against Keras's own, and what they hold back until they are asked."""

from typing import Any

import numpy as np
import pytest

from tasks.learning.training import divergence
from tasks.learning.training.train_step import TrainStep
from tests.learning.training.test_loop import THREE
from tests.learning.trainings import STEPS, build, run

WEIGHTS = np.array([1, 0, 2, 1, 0.5, 0, 1, 1], np.float32)


@pytest.fixture
def compiled(keras) -> Any:
    """(): a compiled model with an accuracy and two outputs; the same numbers at every call."""

    def make() -> Any:
        inputs = keras.Input((4,))
        kernels = [keras.initializers.GlorotUniform(seed=seed) for seed in (1, 2)]
        outputs = {
            name: keras.layers.Dense(3, activation="softmax", kernel_initializer=kernel, name=name)(inputs)
            for name, kernel in zip(("main", "other"), kernels, strict=True)
        }
        model = keras.Model(inputs, outputs)
        model.compile(
            keras.optimizers.Adam(0.05),
            dict.fromkeys(outputs, "categorical_crossentropy"),
            loss_weights={"main": 1.0, "other": 0.3},
            weighted_metrics={"main": "accuracy"},
            jit_compile=False,
        )
        return model

    return make


def batch(number: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    drawn = np.random.default_rng(number)
    targets = np.eye(3, dtype=np.float32)[drawn.integers(0, 3, 8)]
    return drawn.normal(size=(8, 4)).astype(np.float32), {"main": targets, "other": targets[::-1].copy()}


@pytest.mark.parametrize("weights", [None, dict.fromkeys(("main", "other"), WEIGHTS)])
def test_steps_and_sums_are_those_of_train_on_batch(compiled, weights):
    plain, own = compiled(), compiled()
    figures = [plain.train_on_batch(*batch(n), sample_weight=weights, return_dict=True) for n in range(4)]
    step = TrainStep(own)
    for number in range(4):
        step(*batch(number), weights)
    step.synchronise()
    loss, accuracy = step.read_sums()
    assert loss == pytest.approx(sum(float(each["loss"]) for each in figures), rel=1e-6)
    assert accuracy == pytest.approx(sum(float(each["main_accuracy"]) for each in figures), rel=1e-6)
    for one, other in zip(plain.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_sums_go_on_from_those_given_and_begin_anew_when_reset(compiled):
    step = TrainStep(compiled(), (0.5, 0.25))
    assert step.read_sums() == (0.5, 0.25)
    whole = TrainStep(compiled())
    step(*batch(0))
    whole(*batch(0))
    assert step.read_sums()[0] == np.float32(np.float32(0.5) + np.float32(whole.read_sums()[0]))
    step.reset_sums()
    assert step.read_sums() == (0.0, 0.0)


def test_a_loss_that_is_no_number_is_not_kept_when_sums_begin_anew(compiled):
    step = TrainStep(compiled())
    inputs, targets = batch(0)
    step(inputs, {**targets, "main": np.full((8, 3), np.nan, np.float32)})
    assert np.isnan(step.read_sums()[0])
    step.reset_sums()
    assert step.read_sums() == (0.0, 0.0)


def test_shapes_of_batches_are_counted_once(compiled):
    step = TrainStep(compiled())
    for _ in range(2):
        inputs, targets = batch(0)
        step(inputs, targets)
        step(inputs[:5], {name: each[:5] for name, each in targets.items()})
    assert sorted(step.shapes) == [((rows, 4), (rows, 3), (rows, 3)) for rows in (5, 8)]


def test_nothing_is_read_back_between_epochs(keras, tmp_path, monkeypatch):
    monkeypatch.setattr(divergence, "LOOK_SECONDS", 3600)
    read = []

    class Watched(TrainStep):
        def read_sums(self) -> tuple[float, float]:
            read.append("sums")
            return super().read_sums()

        def synchronise(self) -> None:
            read.append("state")
            super().synchronise()

    run(build(THREE)._replace(make_step=Watched), tmp_path, seconds=3600)
    assert STEPS > 1
    epochs = sum(stage.epochs for stage in THREE)
    assert (read.count("state"), read.count("sums")) == (epochs, 2 * epochs)
