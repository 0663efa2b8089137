"""Blending of two records of a batch, for the inputs and for their soft targets alike.

`x` is float (b, …), `y` float (b, k) with rows that sum to one. Each record is mixed with another
of the same batch by one random pairing; inputs are never changed in place and dtypes are kept.
"""

import numpy as np


def mix(
    x: np.ndarray,
    y: np.ndarray,
    *,
    probability: float,
    mixup_alpha: float,
    cutmix_alpha: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Mix the batch with this probability, by one of the enabled ways, each as likely.

    A way is enabled when its alpha is above zero; with none the batch stays as it is.
    """
    ways = [(mixup, mixup_alpha), (cutmix, cutmix_alpha)]
    enabled = [(way, alpha) for way, alpha in ways if alpha > 0]
    if not enabled or generator.random() >= probability:
        return x, y
    way, alpha = enabled[generator.integers(len(enabled))]
    return way(x, y, alpha=alpha, generator=generator)


def mixup(
    x: np.ndarray, y: np.ndarray, *, alpha: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean with a partner, weight from Beta(alpha, alpha) (Zhang et al., ICLR 2018)."""
    share = float(generator.beta(alpha, alpha))
    partner = generator.permutation(len(x))
    return _mean(x, x[partner], share), _mean(y, y[partner], share)


def cutmix(
    x: np.ndarray, y: np.ndarray, *, alpha: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Fill a box of `x` (b, height, width, c) from a partner (Yun et al., ICCV 2019).

    The box covers 1 - Beta(alpha, alpha) of the area until the border clips it; targets are
    weighted by what it covers in truth.

    Raises:
        ValueError: `x` has no height and width.
    """
    if x.ndim != 4:
        raise ValueError(f"cutmix: expected x (batch, height, width, channels), got {x.shape}")
    height, width = x.shape[1:3]
    rows, columns = _box(height, width, share=1 - generator.beta(alpha, alpha), generator=generator)
    partner = generator.permutation(len(x))
    pasted = x.copy()
    pasted[:, rows, columns] = x[partner][:, rows, columns]
    covered = (rows.stop - rows.start) * (columns.stop - columns.start)
    share = 1 - covered / (height * width)
    return pasted, _mean(y, y[partner], share)


def _mean(own: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    return (share * own + (1 - share) * other).astype(own.dtype, copy=False)


def _box(height: int, width: int, *, share: float, generator: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a box with this share of the area around a uniform centre, clipped."""
    return (
        _span(height, share**0.5, center=int(generator.integers(height))),
        _span(width, share**0.5, center=int(generator.integers(width))),
    )


def _span(length: int, share: float, *, center: int) -> slice:
    extent = round(length * share)
    start = center - extent // 2
    return slice(max(start, 0), min(start + extent, length))
