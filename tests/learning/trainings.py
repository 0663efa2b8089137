"""Little trainings on drawn numbers, for tests of fitting."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.execution.child_messages import EpochProgress
from tasks.learning.seeds import generator
from tasks.learning.training.loop import Batch, Training, fit
from tasks.learning.training.mixup import mix
from tasks.learning.training.optimizers import layer_factors
from tasks.learning.training.train_step import TrainStep

STEPS = 3
CLASSES = 4


class Killed(Exception):
    """Stands for a kill: nothing in a training catches it."""


def build(stages: tuple[Stage, ...], *, ema: float = 0.0, mixup: bool = False) -> Training:
    """A network with normalisation and dropout; the same numbers at every call."""
    import keras
    from keras import layers

    from tasks.learning.training.keras_setup import configure

    keras.backend.clear_session()
    configure(0)
    body = [
        layers.Dense(6, name="block1_dense"),
        layers.BatchNormalization(name="block1_norm"),
        layers.Dropout(0.3, name="dropout"),
        layers.Dense(5, activation="relu", name="block2_dense"),
    ]
    head = layers.Dense(CLASSES, activation="softmax", name="main")
    inputs = x = keras.Input((6,))
    for layer in body:
        x = layer(x)
    model = keras.Model(inputs, {"main": head(x)})

    def select(model: Any, stage: Stage) -> dict[str, float]:
        for layer in body:
            layer.trainable = stage.trainable != "head"
        return layer_factors(body, [head], decay=stage.layer_decay)

    def batch(stage: Stage, epoch: int, step: int) -> Batch:
        drawn = generator(1, epoch, step)
        x = drawn.normal(size=(8, 6)).astype(np.float32)
        y = np.eye(CLASSES, dtype=np.float32)[x[:, :CLASSES].argmax(axis=1)]
        if mixup and not stage.plain:
            x, y = mix(x, y, generator=drawn, probability=1.0, mixup_alpha=0.4, cutmix_alpha=0.0)
        return Batch(x, {"main": y})

    def evaluate(model: Any) -> dict[str, float]:
        x = generator(2).normal(size=(8, 6)).astype(np.float32)
        return {"held_out_loss": float(model.predict_on_batch(x)["main"][:, 0].sum())}

    return Training(
        model=model,
        stages=stages,
        losses={"main": "categorical_crossentropy"},
        loss_weights={"main": 1.0},
        metric="main",
        batch=batch,
        steps_per_epoch=STEPS,
        select=select,
        evaluate=evaluate,
        ema=ema,
    )


def run(training: Training, folder: Path, *, seconds: float = 0.0, told: list[str] | None = None) -> str:
    """Fit and give one digest of every variable and the history."""
    lines = [] if told is None else told

    def report(message: str | EpochProgress) -> None:
        lines.append(message if isinstance(message, str) else message.text())

    history = fit(training, folder, checkpoint_seconds=seconds, workers=1, report=report)
    return digest(training.model, history)


def digest(model: Any, history: list[dict[str, Any]]) -> str:
    """SHA-256 of all variables, statistics and random states included, and of the history's text."""
    from keras import ops

    found = hashlib.sha256(json.dumps(history).encode())
    for variable in model.variables:
        found.update(ops.convert_to_numpy(variable.value).tobytes())
    return found.hexdigest()


def killed_at(training: Training, step: int) -> Training:
    """The training, killed once this many steps have been taken over all stages and resumptions."""
    taken = []

    class Deadly(TrainStep):
        def __call__(self, *batch: Any) -> None:
            if len(taken) == step:
                raise Killed
            taken.append(1)
            super().__call__(*batch)

    return training._replace(make_step=Deadly)
