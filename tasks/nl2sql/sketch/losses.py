"""Losses of the sketch's outputs, summed over the columns or characters of a question, so that a question
counts the same in every batch. Targets are `IGNORED` at padding.
"""

from typing import Any

from keras import ops


def of_question(targets: Any, logits: Any) -> Any:
    """Cross-entropy of a class of the question: targets (b,), logits (b, k) → (b,)."""
    return _entropy(ops.reshape(targets, (-1,)), logits)


def of_each(targets: Any, logits: Any) -> Any:
    """Cross-entropy of a class of each column or character: targets (b, m), logits (b, m, k) → (b,)."""
    return ops.sum(_entropy(targets, logits), axis=-1)


def of_shares(targets: Any, logits: Any) -> Any:
    """Cross-entropy with shares of classes: targets (b, m, k), logits (b, m, k) → (b,)."""
    shares = ops.maximum(ops.cast(targets, "float32"), 0.0)
    logits = ops.cast(logits, "float32")
    total = ops.sum(shares, axis=-1)
    return ops.sum(total * ops.logsumexp(logits, axis=-1) - ops.sum(shares * logits, axis=-1), axis=-1)


def of_flags(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy of each character: targets (b, n), logits (b, n) → (b,)."""
    labelled = ops.cast(targets >= 0, "float32")
    flags = ops.maximum(ops.cast(targets, "float32"), 0.0)
    logits = ops.cast(logits, "float32")
    return ops.sum(labelled * (ops.softplus(logits) - flags * logits), axis=-1)


def _entropy(targets: Any, logits: Any) -> Any:
    """Cross-entropy over the last axis of `logits`, 0 where the target is `IGNORED`."""
    targets, logits = ops.cast(targets, "int32"), ops.cast(logits, "float32")
    labelled = ops.cast(targets >= 0, "float32")
    chosen = ops.take_along_axis(logits, ops.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    return labelled * (ops.logsumexp(logits, axis=-1) - chosen)


LOSSES = {
    "connector": of_question,
    "number": of_question,
    "select": of_each,
    "operators": of_shares,
    "tags": of_each,
    "begins": of_flags,
    "column": of_each,
}
"""By the name of a network's output."""
