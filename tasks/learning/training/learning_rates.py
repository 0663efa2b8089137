"""Learning-rate schedules of training stages.

Folds differ by some steps in the length of an epoch. As constants these numbers would make another program of
the training step of each fold, which JAX would compile anew, so optimizers hold them in variables.
"""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise
from typing import Any

from tasks.core.config import Stage


def learning_rate(stage: Stage, *, steps_per_epoch: int, parts: int = 1) -> Any:
    """Make the Keras schedule of a stage: linear warm-up from zero, then `stage.schedule`.

    A step is a batch, also where an update accumulates several, or where it is computed in parts.

    Args:
        parts: calls of the optimizer for each step.
    """
    rate = _learning_rate(stage, steps_per_epoch=steps_per_epoch)
    return _in_parts()(rate, parts) if parts > 1 and not isinstance(rate, float) else rate


def _learning_rate(stage: Stage, *, steps_per_epoch: int) -> Any:
    import keras

    peak, total = stage.learning_rate, max(1, stage.epochs * steps_per_epoch)
    warmup = min(total - 1, round(stage.warmup_epochs * steps_per_epoch))
    if stage.schedule == "points":
        return piecewise_linear(
            (epoch * steps_per_epoch, share * peak) for epoch, share in stage.schedule_points
        )
    if stage.schedule == "linear":
        rise = [(0, 0.0)] if warmup else []
        return piecewise_linear([*rise, (warmup, peak), (total, stage.end_factor * peak)])
    if stage.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else peak,
            total - warmup,
            alpha=stage.end_factor,
            warmup_target=peak if warmup else None,
            warmup_steps=warmup,
        )
    if not warmup:
        return peak
    return keras.optimizers.schedules.PolynomialDecay(0.0, warmup, end_learning_rate=peak, power=1.0)


def hold_steps(schedule: Any, add_variable: Callable[[float], Any]) -> None:
    """Replace the numbers of steps in a schedule of `learning_rate` by variables.

    Args:
        schedule: or a plain number, which is left alone.
        add_variable: (value) → a scalar float32 variable of the optimizer; the same number of them for the
            same stage, whatever the length of an epoch.
    """
    schedule = getattr(schedule, "schedule", schedule)  # that of whole batches, where they are in parts
    if hasattr(schedule, "steps"):
        schedule.steps = [add_variable(step) for step in schedule.steps]
    for name in ("decay_steps", "warmup_steps"):
        if hasattr(schedule, name):
            setattr(schedule, name, add_variable(getattr(schedule, name)))


def piecewise_linear(points: Iterable[tuple[float, float]]) -> Any:
    """Make the schedule that interpolates (step, rate) linearly; constant before and after the points."""
    return _piecewise_linear()(list(points))


@cache
def _piecewise_linear() -> type:
    import keras
    from keras import ops

    class Straight(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, points: list[tuple[float, float]]) -> None:
            self.points = points
            self.steps: list[Any] = [step for step, _ in points]

        def __call__(self, step: Any) -> Any:
            step = ops.cast(step, "float32")
            rate = ops.full_like(step, self.points[0][1])
            steps = [ops.cast(each, "float32") for each in self.steps]
            for (begin, left), (end, right) in pairwise(zip(steps, self._rates(), strict=True)):
                share = (step - begin) / (end - begin)
                rate = ops.where(step >= begin, left + share * (right - left), rate)
            return ops.where(step >= steps[-1], self.points[-1][1], rate)

        def _rates(self) -> list[float]:
            return [rate for _, rate in self.points]

        def get_config(self) -> dict[str, Any]:
            return {"points": self.points}

    return Straight


@cache
def _in_parts() -> type:
    import keras
    from keras import ops

    class InParts(keras.optimizers.schedules.LearningRateSchedule):
        """A schedule of whole batches, given the number of parts so far."""

        def __init__(self, schedule: Any, parts: int) -> None:
            self.schedule, self.parts = schedule, parts

        def __call__(self, step: Any) -> Any:
            return self.schedule(ops.floor_divide(step, self.parts))

        def get_config(self) -> dict[str, Any]:
            return {"schedule": self.schedule, "parts": self.parts}

    return InParts
