"""Losses over many labels: ZLPR (Su et al., 2022; kexue.fm/archives/7359) and masked cross-entropy.

ZLPR of scores s with the threshold 0 is log(1 + Σ_negative e^s) + log(1 + Σ_positive e^−s): however many
labels there are, nothing needs weighing. All losses are computed in float32, and all of them and their
gradients are finite, also where a mask leaves nothing.
"""

from typing import Any

from keras import ops

EXCLUDED = -1e4
"""Added to what a sum must not contain; its exponential is exactly zero."""
TINY = 1e-30
"""Least -log p and share: below it lie logits beyond 69."""


def zlpr(scores: Any, targets: Any, *, mask: Any = None) -> Any:
    """ZLPR of scores (…, k) with targets (…, k) in {0, 1}; returns (…).

    Args:
        mask: 1 for labels that count, 0 for others; of a shape that broadcasts to the scores'.
    """
    scores, targets = ops.cast(scores, "float32"), ops.cast(targets, "float32")
    outside = _outside(mask)
    negative = scores + targets * EXCLUDED + outside
    positive = (1 - targets) * EXCLUDED - scores + outside
    return _log_one_plus_sum(negative) + _log_one_plus_sum(positive)


def soft_zlpr(scores: Any, targets: Any, *, mask: Any = None) -> Any:
    """ZLPR with targets (…, k) in [0, 1] (kexue.fm/archives/9064); returns (…).

    It is least where every score is half its target's log-odds, ½ log(t / (1 − t)).
    """
    scores, targets = ops.cast(scores, "float32"), ops.cast(targets, "float32")
    outside = _outside(mask)
    negative = scores + _log(1 - targets) + outside
    positive = _log(targets) - scores + outside
    return _log_one_plus_sum(negative) + _log_one_plus_sum(positive)


def sparse_zlpr(scores: Any, positives: Any, *, mask: Any = None) -> Any:
    """ZLPR with few positives, given by their indices; returns (b, h).

    A positive that the mask, or a score near `EXCLUDED`, rules out does not count. Unlike the published
    sparse form, which subtracts the positives from the sum of all and so loses the negatives in rounding
    once a positive is sure, this one takes the positives out before it sums.

    Args:
        scores: (b, h, k).
        positives: (b, h, p) int32 indices into the last axis of the scores, 0 where there is none. The
            label 0 is therefore neither positive nor negative: its score learns nothing. Each index once.
        mask: 1 for labels that count, 0 for others; of a shape that broadcasts to the scores'.
    """
    scores = ops.cast(scores, "float32") + _outside(mask)
    of_positives = ops.take_along_axis(scores, positives, axis=-1)
    counts = ops.logical_and(positives > 0, of_positives > EXCLUDED / 2)
    positive = ops.where(counts, -of_positives, EXCLUDED)
    return _log_one_plus_sum(_without(scores, positives)) + _log_one_plus_sum(positive)


def _without(scores: Any, indices: Any) -> Any:
    """The scores (b, h, k) with `EXCLUDED` at these indices (b, h, p) of the last axis and at index 0."""
    indices = ops.pad(indices, ((0, 0), (0, 0), (0, 1)))
    batch, heads, count = ops.shape(indices)
    rows = ops.broadcast_to(ops.arange(batch)[:, None, None], (batch, heads, count))
    columns = ops.broadcast_to(ops.arange(heads)[None, :, None], (batch, heads, count))
    places = ops.reshape(ops.stack([rows, columns, ops.cast(indices, rows.dtype)], axis=-1), (-1, 3))
    return ops.scatter_update(scores, places, ops.full((batch * heads * count,), EXCLUDED))


def _log_one_plus_sum(x: Any) -> Any:
    """log(1 + Σ e^x) over the last axis, precise near 0 and for large x."""
    top = ops.stop_gradient(ops.maximum(ops.max(x, axis=-1), 0.0))
    return top + ops.log1p(ops.sum(ops.exp(x - top[..., None]), axis=-1) + ops.expm1(-top))


def _outside(mask: Any) -> Any:
    return 0.0 if mask is None else (1 - ops.cast(mask, "float32")) * EXCLUDED


def _log(share: Any) -> Any:
    return ops.where(share > 0, ops.log(ops.maximum(share, TINY)), EXCLUDED)


def log_power(logits: Any, power: float) -> Any:
    """log(sigmoid(logits)^power), float32: a power above one lets probabilities start near zero."""
    return power * ops.log_sigmoid(ops.cast(logits, "float32"))


def cross_entropy(log_probabilities: Any, targets: Any) -> Any:
    """Binary cross-entropy by element, from log p: p may be a power or a product of sigmoids.

    Targets in [0, 1] of the same shape; returns float32.
    """
    targets = ops.cast(targets, "float32")
    unlikely = ops.maximum(-ops.cast(log_probabilities, "float32"), TINY)
    return targets * unlikely - (1 - targets) * ops.log(-ops.expm1(-unlikely))


def tagging_loss(log_probabilities: Any, targets: Any, mask: Any) -> Any:
    """Cross-entropy of (b, n, k) summed over classes, averaged over the unmasked positions of the batch.

    Args:
        mask: (b, n, 1) in {0, 1}.
    """
    return masked_mean(ops.sum(cross_entropy(log_probabilities, targets), axis=-1, keepdims=True), mask)


def masked_mean(values: Any, mask: Any) -> Any:
    """Mean of the values where the mask, of the same shape, is 1; 0 where it is nowhere."""
    mask = ops.cast(mask, "float32")
    return ops.sum(values * mask) / ops.maximum(ops.sum(mask), 1.0)
