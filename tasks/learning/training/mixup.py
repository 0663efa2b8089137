"""Mixup and CutMix: each record of a batch is mixed with another one, inputs and soft targets alike.

`x` is float (b, …), `y` float (b, k) with rows that sum to one. The partners are a random permutation of the
batch. Arrays are not changed in place, and dtypes are kept.
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
    """Mix the batch with this probability, by one of the enabled methods with equal chance.

    A method is enabled if its alpha is above zero; if none is, the batch is returned unchanged.
    """
    methods = [(mixup, mixup_alpha), (cutmix, cutmix_alpha)]
    enabled = [(method, alpha) for method, alpha in methods if alpha > 0]
    if not enabled or generator.random() >= probability:
        return x, y
    method, alpha = enabled[generator.integers(len(enabled))]
    return method(x, y, alpha=alpha, generator=generator)


def mixup(
    x: np.ndarray, y: np.ndarray, *, alpha: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Average each record with its partner by a weight from Beta(alpha, alpha) (Zhang et al., ICLR 2018)."""
    share = float(generator.beta(alpha, alpha))
    partner = generator.permutation(len(x))
    return _mean(x, x[partner], share), _mean(y, y[partner], share)


def cutmix(
    x: np.ndarray, y: np.ndarray, *, alpha: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Replace a box of `x` (b, height, width, c) by that of the partner (Yun et al., ICCV 2019).

    The box has 1 - Beta(alpha, alpha) of the area before it is clipped at the border; the weights of the
    targets are the shares of the area after clipping.

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


def _mean(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    return (share * first + (1 - share) * second).astype(first.dtype, copy=False)


def _box(height: int, width: int, *, share: float, generator: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a box with this share of the area and a uniformly random centre, clipped."""
    return (
        _span(height, share**0.5, center=int(generator.integers(height))),
        _span(width, share**0.5, center=int(generator.integers(width))),
    )


def _span(length: int, share: float, *, center: int) -> slice:
    extent = round(length * share)
    start = center - extent // 2
    return slice(max(start, 0), min(start + extent, length))
