"""End a training whose loss, figures or weights are no longer numbers, or whose loss explodes, before more of
it is stored.

Losses stay on the device (`train_step`), so the sum of an epoch is looked at once a second, and before each
checkpoint and each report: a loss that is not a number makes it one for the rest of the epoch.
"""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.errors import UserError

LOOK_SECONDS = 1.0
LARGEST_RISE = 1e6
"""A mean loss of an epoch that is so many times that of the first one comes back in no later epoch."""


class Diverged(UserError):
    """A training left the numbers, or any use; with the same settings it would do so again."""


class DivergenceWatch:
    """Looks at the sums of a stage's losses."""

    def __init__(self, stage: Stage, epochs_before: int, steps_per_epoch: int) -> None:
        self._stage, self._before, self._per_epoch = stage, epochs_before, steps_per_epoch
        self._last = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last look is a second ago; the device is waited for only then."""
        return time.monotonic() - self._last >= LOOK_SECONDS

    def look(self, loss_sum: float, steps: int) -> None:
        """Check the sum of losses of the epoch so far, after this many steps of the stage.

        Raises:
            Diverged: it is not a finite number.
        """
        self._last = time.monotonic()
        if not math.isfinite(loss_sum):
            epoch, step = self._before + 1 + (steps - 1) // self._per_epoch, (steps - 1) % self._per_epoch + 1
            raise Diverged(
                f"{_place(epoch)}, by step {step} of {self._per_epoch}: {self._text('loss', loss_sum)}"
            )

    def look_at_figures(self, figures: Mapping[str, Any], epoch: int) -> None:
        """Check what was measured after an epoch, which counts from 1 over all stages.

        Raises:
            Diverged: a figure is not a finite number.
        """
        for name, value in figures.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise Diverged(f"{_place(epoch)}: {self._text(name, value)}")

    def look_at_losses(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Check the last of the epochs' mean losses.

        Raises:
            Diverged: it has risen out of all proportion to the first.
        """
        first, last = history[0]["loss"], history[-1]["loss"]
        if last > LARGEST_RISE * abs(first) > 0:
            received = f"expected a loss that falls, received {last:.4g} after {first:.4g} in the first epoch"
            raise Diverged(f"{_place(len(history))}: {received}, {self._advice()}")

    def look_at_weights(self, model: Any, epoch: int) -> None:
        """Check the weights after the stage, whose last step no loss has shown.

        Raises:
            Diverged: some are not finite numbers.
        """
        from keras import ops

        for variable in model.trainable_variables:
            if not np.isfinite(ops.convert_to_numpy(ops.cast(variable, "float32"))).all():
                raise Diverged(f"{_place(epoch)}: {self._text(f'weights of {variable.path}', math.nan)}")

    def _text(self, what: str, value: float) -> str:
        return f"expected numbers, received {value} as {what}, {self._advice()}"

    def _advice(self) -> str:
        stage = self._stage
        clip = f"clip_norm {stage.clip_norm:g}" if stage.clip_norm else "no clip_norm"
        return (
            "so nothing of the training is stored; the likely "
            f"cause is the learning rate ({stage.learning_rate:g} with {stage.optimizer}, {clip}, "
            f"{stage.warmup_epochs:g} epochs of warm-up): try a lower one, or clip_norm = 1"
        )


def _place(epoch: int) -> str:
    return f"training, epoch {epoch}"
