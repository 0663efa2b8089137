"""Learned position vectors."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("podium")
class Positions(layers.Layer):
    """A learned vector for each position, zero at first."""

    def __init__(self, count: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.count, self.width = count, width

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.table = self.add_weight(shape=(self.count, self.width), initializer="zeros", name="table")

    def call(self, x: Any) -> Any:
        """(1, n, width) for an input (b, n, …)."""
        return self.table[None, : ops.shape(x)[1]]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count, "width": self.width}
