"""Learning rates as functions of the step."""

from typing import Any

from tasks.core.config import Stage


def learning_rate(stage: Stage, *, steps_per_epoch: int) -> Any:
    """The Keras schedule of a stage: linear warm-up from zero, then constant or a cosine to zero."""
    import keras

    total = max(1, stage.epochs * steps_per_epoch)
    warmup = min(total - 1, round(stage.warmup_epochs * steps_per_epoch))
    if stage.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else stage.learning_rate,
            total - warmup,
            warmup_target=stage.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    if not warmup:
        return stage.learning_rate
    return keras.optimizers.schedules.PolynomialDecay(
        0.0, warmup, end_learning_rate=stage.learning_rate, power=1.0
    )
