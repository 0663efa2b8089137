"""Distances to trainable centres of classes (center loss: Wen et al., ECCV 2016)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("podium")
class Distance(keras.layers.Layer):
    """Squared Euclidean distance of each row to trainable class centres: (b, d) → (b, classes) float32.

    The class's name is part of the layout of weight files.

    Args:
        classes: number of centres.
    """

    def __init__(self, classes: int, **options: Any) -> None:
        super().__init__(**options)
        self.classes = classes

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = (self.classes, input_shape[-1])
        self.centers = self.add_weight(shape=shape, initializer="uniform", name="centers")

    def call(self, inputs: Any) -> Any:
        inputs = ops.cast(inputs, "float32")
        difference = inputs[:, None, :] - ops.cast(self.centers, "float32")[None]
        return ops.sum(ops.square(difference), axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.classes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "classes": self.classes}
