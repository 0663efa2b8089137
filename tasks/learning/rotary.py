"""Rotary position embedding (Su et al., RoFormer, 2021): products then depend on distances alone."""

from typing import Any

import numpy as np
from keras import ops

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
