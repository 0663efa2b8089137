"""What a step learns from a batch that is filled up, against one without the rows that fill up."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.learning.training.loop import Batch, Training
from tasks.learning.training.padded_shapes import PaddedBatch


def shapes_of(training: Training, *, epochs: int) -> list[set[str]]:
    """For each epoch the distinct shapes of all its batches, weights included."""
    stage = Stage()
    return [
        {str(_shapes(training.batch(stage, epoch, step))) for step in range(training.steps_per_epoch)}
        for epoch in range(epochs)
    ]


def _shapes(batch: Batch) -> list[tuple[str, tuple[int, ...]]]:
    arrays = {**batch.inputs, **{f"target {name}": value for name, value in batch.targets.items()}}
    if batch.weights is not None:
        arrays["weights"] = batch.weights
    return sorted((name, value.shape) for name, value in arrays.items())


def learned(training: Training, batch: Batch) -> tuple[float, list[np.ndarray]]:
    """Loss and gradients of a batch without dropout: what a step of descent takes from the weights."""
    import keras
    from keras import ops

    for layer in training.model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    before = training.model.get_weights()
    training.model.compile(
        optimizer=keras.optimizers.SGD(1.0),
        loss=training.losses,
        loss_weights=training.loss_weights,
        run_eagerly=keras.backend.backend() == "tensorflow",  # a graph takes longer to make than a step
    )
    weights = None if batch.weights is None else dict.fromkeys(training.losses, batch.weights)
    loss = training.model.train_on_batch(
        batch.inputs, batch.targets, sample_weight=weights, return_dict=True
    )["loss"]
    after = [ops.convert_to_numpy(each) for each in training.model.weights]
    training.model.set_weights(before)
    return float(loss), [one - other for one, other in zip(before, after, strict=True)]


def assert_fillers_teach_nothing(
    training: Training, planned: PaddedBatch, *, shared: Callable[[str], bool] = lambda name: False
) -> None:
    """Compare a planned batch, which the training gives as its first one, with its records alone.

    Args:
        shared: whether an input of this name is not one of each record.
    """
    rows, count = planned.shape.rows, len(planned.records)
    assert 0 < count < rows
    filled = training.batch(Stage(), 0, 0)

    def alone(arrays: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value if shared(name) else value[: len(value) // rows * count]
            for name, value in arrays.items()
        }

    loss, gradients = learned(training, filled)
    expected_loss, expected = learned(training, Batch(alone(filled.inputs), alone(filled.targets)))
    assert abs(loss - expected_loss) <= 1e-5 * abs(expected_loss)
    assert any(np.abs(each).max() > 1e-4 for each in expected)
    for one, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)
