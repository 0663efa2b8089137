"""The best epoch by a figure of held-out records: whose weights a training keeps, and when a stage ends.

Which epoch is best follows from the rows of the history, which checkpoints hold; they hold its weights too
(`tasks.learning.training.checkpoints`), so that a resumed training keeps the same ones.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings

PREFIX = "held_out_"
LOSS = f"{PREFIX}loss"
Row = Mapping[str, Any]


def figure(row: Row) -> float | None:
    """The figure that epochs are compared by, higher is better: the first of held-out records but the loss.

    >>> figure({"loss": 1.5, "held_out_loss": 2.0, "held_out_accuracy": 0.75})
    0.75
    """
    return next((row[name] for name in row if name.startswith(PREFIX) and name != LOSS), None)


def best_epoch(history: Sequence[Row], stages: Sequence[Stage], stage: int) -> int | None:
    """Place in the history of the best epoch so far whose weights a stage keeps; None if it keeps none.

    Epochs of the stage count, and of those right before it that keep theirs; of equal ones the first.

    Args:
        history: rows of all epochs so far; `stage` of a row is counted from 1.
        stage: place among the stages, from 0.

    Raises:
        InvalidSettings: an epoch has no figure, for nothing is held out.
    """
    kept = len(list(takewhile(lambda each: each.keep_best, reversed(stages[: stage + 1]))))
    rows = [place for place, row in enumerate(history) if stage + 1 - kept < row["stage"] <= stage + 1]
    return max(rows, key=lambda place: (_required(history[place]), -place), default=None)


def is_over(history: Sequence[Row], stage: Stage, number: int) -> bool:
    """Whether the last `patience` epochs of stage `number`, from 0 on, brought nothing better than before."""
    figures = [_required(row) for row in history if row["stage"] == number + 1] if stage.patience else []
    if len(figures) <= stage.patience:
        return False
    return max(figures[-stage.patience :]) <= max(figures[: -stage.patience])


class BestEpoch:
    """The weights of the best epoch so far, for the stages that keep them; call it after every epoch."""

    def __init__(self, stages: Sequence[Stage], weights: Sequence[np.ndarray] = ()) -> None:
        """Begin with the weights that a checkpoint has."""
        self._stages, self.weights = stages, list(weights)

    def after_epoch(self, model: Any, history: Sequence[Row], stage: int) -> None:
        """Copy the weights, statistics included, with which the last row of the history was measured.

        Raises:
            InvalidSettings: weights are to be kept, but nothing is held out.
        """
        from keras import ops

        best = best_epoch(history, self._stages, stage)
        if best is None:
            self.weights = []
        elif best == len(history) - 1:
            # copies: PyTorch's arrays would share the memory of the variables
            self.weights = [np.array(ops.convert_to_numpy(variable.value)) for variable in model.weights]

    def restore(self, model: Any, history: Sequence[Row], stage: int) -> str:
        """Set the model's weights to those of the best epoch; return a line for the log."""
        best = best_epoch(history, self._stages, stage)
        if best is None:
            raise ValueError(f"stage {stage}: expected an epoch whose weights are kept, received none")
        for variable, value in zip(model.weights, self.weights, strict=True):
            variable.assign(value)
        return f"stage {stage + 1} keeps the weights of epoch {best + 1}, {figure(history[best]):.4f}"


def _required(row: Row) -> float:
    value = figure(row)
    if value is None:
        expected = "figures of held-out records, which no training on all records has"
        raise InvalidSettings(f"stages: keep_best and patience need {expected}")
    return float(value)
