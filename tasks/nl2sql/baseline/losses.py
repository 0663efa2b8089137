"""Losses of the baseline's outputs: the mean over the columns or characters of a question.

The published network takes the mean over all columns or characters of a batch instead, by which a question
counts more, the more columns its table has; then a question's loss would depend on the others of its batch.
"""

from typing import Any

from keras import ops

from tasks.nl2sql.sketch import losses


def mean_of_each(targets: Any, logits: Any) -> Any:
    """Mean cross-entropy of a class of each column or character: targets (b, m), logits (b, m, k) → (b,).

    It is 0 where all targets of a question are `IGNORED`.
    """
    labelled = ops.sum(ops.cast(targets >= 0, "float32"), axis=-1)
    return losses.of_each(targets, logits) / ops.maximum(labelled, 1.0)


LOSSES = {
    "connector": losses.of_question,
    "select": mean_of_each,
    "tags": mean_of_each,
    "column": mean_of_each,
}
"""By the name of a network's output."""
