"""Efficient global pointer: scores of all pairs of positions of a sequence (Su, kexue.fm/archives/8877)."""

from typing import Any

import keras
import numpy as np
from keras import ops

from tasks.learning.layers.losses import EXCLUDED
from tasks.learning.seeds import derive_optional

BASE = 10000.0
"""Base of the rotary position embedding's angles."""


@keras.saving.register_keras_serializable("podium")
class EfficientGlobalPointer(keras.layers.Layer):
    """Scores every pair of positions for each head.

    s_h(i, j) = ⟨R_i q_i, R_j k_j⟩ / √head_size + b_{h,i} + b'_{h,j}: one score of the span for all heads, and
    for each head a bias of the position where it begins and one of that where it ends. R turns queries and
    keys by their positions (`rotate`); the biases come from queries and keys by a second dense layer, halved.
    With 50 heads it has a thirtieth of the weights of the plain global pointer (kexue.fm/archives/8373),
    which has queries and keys for each head.

    Args:
        heads: kinds of spans.
        head_size: channels of queries and keys, even.
        rotary: whether scores depend on the distance between the two positions.
        triangle: whether pairs with j < i are excluded.
        seed: of the initial weights; None draws them from Keras's global generator.

    Call arguments:
        x: (b, n, d) floats.
        mask: (b, n, 1) in {0, 1}; 0 at padding.

    Output shape:
        (b, heads, n, n) float32; entry (h, i, j) is of the pair that begins at i and ends at j. Pairs with
        padding, and those that `triangle` excludes, score about `EXCLUDED`: finite, and exactly zero as an
        exponential.
    """

    def __init__(
        self,
        heads: int,
        head_size: int = 64,
        rotary: bool = True,
        triangle: bool = True,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.heads, self.head_size = heads, head_size
        self.rotary, self.triangle, self.seed = rotary, triangle, seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.projection = self._dense(2 * self.head_size, "projection")
        self.projection.build(input_shape)
        self.ends = self._dense(2 * self.heads, "ends")
        self.ends.build((*input_shape[:-1], 2 * self.head_size))

    def _dense(self, units: int, name: str) -> Any:
        initializer = keras.initializers.GlorotUniform(seed=derive_optional(self.seed, name))
        return keras.layers.Dense(units, kernel_initializer=initializer, dtype=self.dtype_policy, name=name)

    def call(self, x: Any, mask: Any) -> Any:
        projected = self.projection(x)
        queries, keys = ops.split(projected, 2, axis=-1)
        if self.rotary:
            queries, keys = rotate(queries), rotate(keys)
        spans = ops.matmul(queries * self.head_size**-0.5, ops.transpose(keys, (0, 2, 1)))[:, None]
        spans = ops.cast(spans, "float32") + self._penalty(mask)
        ends = ops.transpose(ops.cast(self.ends(projected), "float32") / 2, (0, 2, 1))  # (b, 2 · heads, n)
        first, last = ops.split(ends, 2, axis=1)
        return spans + first[..., None] + last[:, :, None]

    def _penalty(self, mask: Any) -> Any:
        """(b, 1, n, n) float32: 0 for pairs that count, `EXCLUDED` for others."""
        real = ops.cast(mask, "float32")  # (b, n, 1)
        counts = real * ops.transpose(real, (0, 2, 1))
        if self.triangle:
            positions = ops.arange(ops.shape(mask)[1])
            counts = counts * ops.cast(positions[:, None] <= positions, "float32")
        return ((1 - counts) * EXCLUDED)[:, None]

    def compute_output_shape(self, x_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (x_shape[0], self.heads, x_shape[1], x_shape[1])

    def compute_output_spec(self, x: Any, mask: Any) -> Any:
        return keras.KerasTensor(self.compute_output_shape(x.shape), dtype="float32")

    def get_config(self) -> dict[str, Any]:
        names = ("heads", "head_size", "rotary", "triangle", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def rotate(x: Any) -> Any:
    """Apply the rotary position embedding (Su et al., RoFormer, 2021).

    Turns each pair of channels (2i, 2i + 1) at position m by the angle m · 10000^(−2i/d), so that the product
    of a vector at m and one at n depends on n − m alone.

    Args:
        x: (b, n, …, d) with d even; positions count from zero along the second axis.

    Raises:
        ValueError: d is odd.
    """
    size, rank = x.shape[-1], len(x.shape)
    if size % 2:
        raise ValueError(f"expected an even number of channels, received {size}")
    rates = np.repeat(BASE ** (-np.arange(0, size, 2) / size), 2).astype(np.float32)
    positions = ops.arange(ops.shape(x)[1], dtype="float32")
    angles = ops.reshape(positions[:, None] * ops.convert_to_tensor(rates), (1, -1, *[1] * (rank - 3), size))
    cosines, sines = ops.cast(ops.cos(angles), x.dtype), ops.cast(ops.sin(angles), x.dtype)
    return x * cosines + ops.matmul(x, ops.cast(_quarter_rotation(size), x.dtype)) * sines


def _quarter_rotation(size: int) -> np.ndarray:
    """(size, size) float32 matrix that maps every pair of channels (a, b) to (−b, a).

    A product with it is exact, and faster than splitting the pairs and joining them again.
    """
    rotation = np.zeros((size, size), np.float32)
    even = np.arange(0, size, 2)
    rotation[even + 1, even], rotation[even, even + 1] = -1, 1
    return rotation
