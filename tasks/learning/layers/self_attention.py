"""Multi-head self-attention without an output projection."""

from typing import Any

import keras
from keras import ops

from tasks.learning.layers.masking import masked
from tasks.learning.seeds import derive_optional


@keras.saving.register_keras_serializable("podium")
class MaskedSelfAttention(keras.layers.Layer):
    """Scaled dot-product self-attention (Vaswani et al., 2017) that ignores padding.

    Queries, keys and values come from one dense layer without biases. The heads' values are concatenated,
    without an output projection. Attention weights are computed in float32.

    Args:
        heads: attention heads.
        head_size: channels of each head's queries, keys and values.
        seed: of the initial weights; None draws them from Keras's global generator.

    Call arguments:
        x: (b, n, d) floats.
        mask: (b, n, 1) in {0, 1}; 0 at padding.

    Output shape:
        (b, n, heads · head_size), zero at padding.
    """

    def __init__(self, heads: int, head_size: int, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.heads, self.head_size, self.seed = heads, head_size, seed
        self.projection = keras.layers.Dense(
            3 * heads * head_size,
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotUniform(seed=derive_optional(seed, "kernel")),
            dtype=self.dtype_policy,
            name="projection",
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.projection.build(input_shape)

    def call(self, x: Any, mask: Any) -> Any:
        queries, keys, values = (self._by_head(part) for part in ops.split(self.projection(x), 3, axis=-1))
        scores = ops.matmul(queries * self.head_size**-0.5, ops.transpose(keys, (0, 1, 3, 2)))
        keys_mask = ops.transpose(mask, (0, 2, 1))[:, None]  # (b, 1, 1, n)
        attention = ops.softmax(masked(ops.cast(scores, "float32"), keys_mask), axis=-1)
        by_head = ops.matmul(ops.cast(attention, values.dtype), values)
        shape = (-1, ops.shape(x)[1], self.heads * self.head_size)
        outputs = ops.reshape(ops.transpose(by_head, (0, 2, 1, 3)), shape)
        return outputs * ops.cast(mask, outputs.dtype)

    def _by_head(self, x: Any) -> Any:
        """(b, n, heads · head_size) → (b, heads, n, head_size)."""
        shape = (-1, ops.shape(x)[1], self.heads, self.head_size)
        return ops.transpose(ops.reshape(x, shape), (0, 2, 1, 3))

    def compute_output_shape(self, x_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*x_shape[:-1], self.heads * self.head_size)

    def get_config(self) -> dict[str, Any]:
        own = {"heads": self.heads, "head_size": self.head_size, "seed": self.seed}
        return {**super().get_config(), **own}
