"""Scores of all pairs of positions: the global pointer (kexue.fm 8373), its efficient form (kexue.fm 8877).

Both take x (b, n, d) and mask (b, n, 1) in {0, 1}, and give (b, heads, n, n) float32: entry (h, i, j) scores
the pair that begins (or has its first member) at i and ends at j. Pairs with padding, and with `triangle`
those with j < i, score about `EXCLUDED`: finite, and exactly nothing in an exponential.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from tasks.learning.seeds import derive

EXCLUDED = -1e4


class _Pointer(keras.layers.Layer):
    """What both forms share: settings, and a projection of x to queries and keys.

    Args:
        head_size: channels of queries and keys, even.
        rotary: whether scores know how far apart a pair is.
        triangle: whether a pair's second position may not lie before its first.
        seed: of the weights; None draws them from Keras's global generator.
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

    def _dense(self, width: int, name: str) -> Any:
        initial = keras.initializers.GlorotUniform(
            seed=None if self.seed is None else derive(self.seed, name)
        )
        return keras.layers.Dense(width, kernel_initializer=initial, dtype=self.dtype_policy, name=name)

    def _queries_and_keys(self, projected: Any) -> tuple[Any, Any]:
        """Halves of (b, n, …, 2 · head_size), turned by position and scaled for their product."""
        queries, keys = ops.split(projected, 2, axis=-1)
        if self.rotary:
            queries, keys = rotate(queries), rotate(keys)
        return queries * self.head_size**-0.5, keys

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
        return {
            **super().get_config(),
            "heads": self.heads,
            "head_size": self.head_size,
            "rotary": self.rotary,
            "triangle": self.triangle,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable("podium")
class GlobalPointer(_Pointer):
    """Queries and keys of their own for each head: s_h(i, j) = ⟨R_i q_{h,i}, R_j k_{h,j}⟩ / √head_size."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.projection = self._dense(2 * self.heads * self.head_size, "projection")
        self.projection.build(input_shape)

    def call(self, x: Any, mask: Any) -> Any:
        """(b, heads, n, n) float32."""
        by_head = (-1, ops.shape(x)[1], self.heads, 2 * self.head_size)
        queries, keys = self._queries_and_keys(ops.reshape(self.projection(x), by_head))
        scores = ops.matmul(ops.transpose(queries, (0, 2, 1, 3)), ops.transpose(keys, (0, 2, 3, 1)))
        return ops.cast(scores, "float32") + self._penalty(mask)


@keras.saving.register_keras_serializable("podium")
class EfficientGlobalPointer(_Pointer):
    """One score of the span for all heads, and for each head what begins at i and what ends at j.

    s_h(i, j) = ⟨R_i q_i, R_j k_j⟩ / √head_size + b_{h,i} + b'_{h,j}, the b from the queries and keys by a
    second dense layer, halved. For 50 heads a thirtieth of the global pointer's weights.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.projection = self._dense(2 * self.head_size, "projection")
        self.projection.build(input_shape)
        self.ends = self._dense(2 * self.heads, "ends")
        self.ends.build((*input_shape[:-1], 2 * self.head_size))

    def call(self, x: Any, mask: Any) -> Any:
        """(b, heads, n, n) float32."""
        projected = self.projection(x)
        queries, keys = self._queries_and_keys(projected)
        spans = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))[:, None]
        spans = ops.cast(spans, "float32") + self._penalty(mask)
        ends = ops.transpose(ops.cast(self.ends(projected), "float32") / 2, (0, 2, 1))  # (b, 2 · heads, n)
        first, last = ops.split(ends, 2, axis=1)
        return spans + first[..., None] + last[:, :, None]


# FOLDED from tasks/learning/rotary.py
# Rotary position embedding (Su et al., RoFormer, 2021): products then depend on distances alone.
BASE = 10000.0


def rotate(x: Any) -> Any:
    """Turn each pair of channels (2i, 2i + 1) at position m by the angle m · 10000^(−2i/d).

    The product of a vector turned at m and one turned at n is a function of n − m.

    Args:
        x: (b, n, …, d) with d even; positions count from zero along the second axis.
    """
    size, rank = x.shape[-1], len(x.shape)
    if size % 2:
        raise ValueError(f"expected an even number of channels, received {size}")
    rates = np.repeat(BASE ** (-np.arange(0, size, 2) / size), 2).astype(np.float32)
    positions = ops.arange(ops.shape(x)[1], dtype="float32")
    angles = ops.reshape(positions[:, None] * rates, (1, -1, *[1] * (rank - 3), size))
    cosines, sines = ops.cast(ops.cos(angles), x.dtype), ops.cast(ops.sin(angles), x.dtype)
    return x * cosines + ops.matmul(x, ops.cast(_quarter_turn(size), x.dtype)) * sines


def _quarter_turn(size: int) -> np.ndarray:
    """(size, size) float32 that takes every pair (a, b) to (−b, a).

    A product with it is exact, and faster than taking the pairs apart and together again.
    """
    turn = np.zeros((size, size), np.float32)
    even = np.arange(0, size, 2)
    turn[even + 1, even], turn[even, even + 1] = -1, 1
    return turn
