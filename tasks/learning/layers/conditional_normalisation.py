"""Layer normalisation whose scale and shift depend on a condition (Su, kexue.fm/archives/7124)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("podium")
class ConditionalLayerNormalization(keras.layers.Layer):
    """Normalises the last axis, then scales by γ + W_γ c and shifts by β + W_β c, with a condition c.

    Both W start at zero, so that before training it equals the plain layer normalisation with γ and β, which
    may be those of a pretrained network. Mean and variance are computed in float32.

    Args:
        epsilon: added to the variance; where this replaces a pretrained normalisation, the epsilon of that.

    Call arguments:
        x: (b, n, d) floats.
        condition: (b, width) floats.

    Output shape:
        (b, n, d).
    """

    def __init__(self, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon = epsilon

    def build(self, x_shape: tuple[int | None, ...], condition_shape: tuple[int | None, ...]) -> None:
        size, width = x_shape[-1], condition_shape[-1]
        self.gamma = self.add_weight(shape=(size,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(size,), initializer="zeros", name="beta")
        self.gamma_kernel = self.add_weight(shape=(width, size), initializer="zeros", name="gamma_kernel")
        self.beta_kernel = self.add_weight(shape=(width, size), initializer="zeros", name="beta_kernel")

    def call(self, x: Any, condition: Any) -> Any:
        gamma = self.gamma + ops.matmul(condition, self.gamma_kernel)
        beta = self.beta + ops.matmul(condition, self.beta_kernel)
        x = ops.cast(x, "float32")
        centered = x - ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(centered), axis=-1, keepdims=True)
        normal = ops.cast(centered * ops.rsqrt(variance + self.epsilon), self.compute_dtype)
        return normal * gamma[:, None] + beta[:, None]

    def compute_output_shape(
        self, x_shape: tuple[int | None, ...], condition_shape: tuple[int | None, ...]
    ) -> tuple[int | None, ...]:
        return x_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
