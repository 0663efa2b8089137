"""Self-attention of several heads whose values are laid side by side, without a projection behind them."""

from typing import Any

import keras
from keras import ops

from tasks.learning.seeds import derive

EXCLUDED = -1e9
"""Score of a padded key: its share is exactly zero, and a row of nothing but padding stays finite."""


@keras.saving.register_keras_serializable("podium")
class MaskedSelfAttention(keras.layers.Layer):
    """Scaled dot-product self-attention (Vaswani et al., 2017) that never looks at padding.

    Queries, keys and values are one product without biases. Shares are computed in float32.

    Args:
        head_size: channels of each head's queries, keys and values.
        seed: of the weights; None draws them from Keras's global generator.
    """

    def __init__(self, heads: int, head_size: int, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.head_size, self.seed = heads, head_size, seed
        initial = keras.initializers.GlorotUniform(seed=None if seed is None else derive(seed, "kernel"))
        self.projection = keras.layers.Dense(
            3 * heads * head_size,
            use_bias=False,
            kernel_initializer=initial,
            dtype=self.dtype_policy,
            name="projection",
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.projection.build(input_shape)

    def call(self, x: Any, mask: Any) -> Any:
        """x (b, n, d), mask (b, n, 1) in {0, 1}; returns (b, n, heads · head_size), zero at padding."""
        queries, keys, values = (self._by_head(part) for part in ops.split(self.projection(x), 3, axis=-1))
        scores = ops.matmul(queries * self.head_size**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        absent = 1 - ops.cast(mask, "float32")  # (b, n, 1), as keys (b, 1, 1, n)
        excluded = ops.transpose(absent, (0, 2, 1))[:, None] * EXCLUDED
        shares = ops.softmax(ops.cast(scores, "float32") + excluded, axis=-1)
        mixed = ops.matmul(ops.cast(shares, values.dtype), values)
        joined = ops.reshape(ops.transpose(mixed, (0, 2, 1, 3)), self._joined_shape(x))
        return joined * ops.cast(mask, joined.dtype)

    def _by_head(self, x: Any) -> Any:
        """(b, n, heads · head_size) → (b, heads, n, head_size)."""
        shape = (-1, ops.shape(x)[1], self.heads, self.head_size)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 1, 3))

    def _joined_shape(self, x: Any) -> tuple[Any, ...]:
        return (-1, ops.shape(x)[1], self.heads * self.head_size)

    def compute_output_shape(self, x_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*x_shape[:-1], self.heads * self.head_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "heads": self.heads,
            "head_size": self.head_size,
            "seed": self.seed,
        }
