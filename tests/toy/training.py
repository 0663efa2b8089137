"""One layer on the place of a point."""

from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.folds.rows import training_rows
from tasks.learning.training.loop import Batch, Training
from tasks.toy import dataset as files
from tasks.toy.config import Recipe


def build(job: TrainJob) -> Training:
    recipe = Recipe.model_validate(job.settings)
    own = training_rows(job)
    places = np.load(job.views[0] / "features.npy")[own].astype(np.float32)
    hot = np.eye(2, dtype=np.float32)[files.targets(job.dataset)[own]]
    return Training(
        model=network(),
        stages=(Stage(epochs=recipe.epochs, learning_rate=recipe.learning_rate),),
        losses={"main": "categorical_crossentropy"},
        loss_weights={"main": 1.0},
        metric="main",
        batch=lambda stage, epoch, step: Batch(places, {"main": hot}),
        steps_per_epoch=1,
        select=lambda model, stage: {},
        evaluate=lambda model: {},
    )


def network() -> Any:
    import keras

    inputs = keras.Input((1,))
    return keras.Model(inputs, {"main": keras.layers.Dense(2, activation="softmax", name="main")(inputs)})
