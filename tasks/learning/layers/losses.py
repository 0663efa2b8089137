"""Losses for records with many labels: sparse ZLPR and binary cross-entropy of powers of sigmoids.

ZLPR (Su et al., 2022; kexue.fm/archives/7359) of scores s with the threshold 0 is
log(1 + Σ_negative e^s) + log(1 + Σ_positive e^−s). It needs no class weights, however many labels there are.
All losses are computed in float32; losses and gradients are finite, also where a mask excludes everything.
"""

from typing import Any

from keras import ops

EXCLUDED = -1e4
"""Added to scores that a sum must not contain; its exponential is exactly zero, and it stays finite."""
TINY = 1e-30
"""Smallest −log p; below it lie logits beyond 69."""


def sparse_zlpr(scores: Any, positives: Any, *, mask: Any = None) -> Any:
    """Compute ZLPR of few positive labels that are given by their indices.

    A positive whose score is excluded, by the mask or by a score near `EXCLUDED`, does not count. The
    published sparse form subtracts the positives from the sum over all labels, which loses the negatives to
    rounding once a positive has a high score; this one removes the positives before it sums.

    Args:
        scores: (b, h, k) logits.
        positives: (b, h, p) int32 indices into the last axis of the scores, padded by 0. Label 0 is therefore
            neither positive nor negative, and its score gets no gradient. Each index occurs once.
        mask: 1 for labels that count, 0 for others, of a shape that broadcasts to that of the scores; None
            counts all.

    Returns:
        (b, h) float32 losses.
    """
    scores = ops.cast(scores, "float32") + _exclusion(mask)
    positive_scores = ops.take_along_axis(scores, positives, axis=-1)
    counts = ops.logical_and(positives > 0, positive_scores > EXCLUDED / 2)
    positive = ops.where(counts, -positive_scores, EXCLUDED)
    return _log_one_plus_sum(_exclude(scores, positives)) + _log_one_plus_sum(positive)


def _exclusion(mask: Any) -> Any:
    return 0.0 if mask is None else (1 - ops.cast(mask, "float32")) * EXCLUDED


def _exclude(scores: Any, indices: Any) -> Any:
    """Set scores (b, h, k) to `EXCLUDED` at indices (b, h, p) of the last axis and at index 0."""
    indices = ops.pad(indices, ((0, 0), (0, 0), (0, 1)))
    batch, heads, count = ops.shape(indices)
    rows = ops.broadcast_to(ops.arange(batch)[:, None, None], (batch, heads, count))
    columns = ops.broadcast_to(ops.arange(heads)[None, :, None], (batch, heads, count))
    places = ops.reshape(ops.stack([rows, columns, ops.cast(indices, rows.dtype)], axis=-1), (-1, 3))
    return ops.scatter_update(scores, places, ops.full((batch * heads * count,), EXCLUDED))


def _log_one_plus_sum(x: Any) -> Any:
    """Compute log(1 + Σ e^x) over the last axis, precise near 0 and for large x."""
    top = ops.stop_gradient(ops.maximum(ops.max(x, axis=-1), 0.0))
    return top + ops.log1p(ops.sum(ops.exp(x - top[..., None]), axis=-1) + ops.expm1(-top))


def log_power(logits: Any, power: float) -> Any:
    """Compute log(sigmoid(logits)^power) in float32.

    With a power above one, probabilities of an untrained network start near zero.
    """
    return power * ops.log_sigmoid(ops.cast(logits, "float32"))


def cross_entropy(log_probabilities: Any, targets: Any) -> Any:
    """Compute the binary cross-entropy of each element from log p.

    Args:
        log_probabilities: log p of any shape; p may be a power or a product of sigmoids (`log_power`).
        targets: of the same shape, in [0, 1].

    Returns:
        float32 losses of the same shape.
    """
    targets = ops.cast(targets, "float32")
    negative_log = ops.maximum(-ops.cast(log_probabilities, "float32"), TINY)
    return targets * negative_log - (1 - targets) * ops.log(-ops.expm1(-negative_log))
