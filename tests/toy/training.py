"""One layer on the place of a point."""

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.training.loop import Batch, Training
from tasks.toy import dataset as files
from tasks.toy.config import Recipe


def build(job: TrainJob) -> Training:
    import keras

    recipe = Recipe.model_validate(job.settings)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, {"main": keras.layers.Dense(2, activation="softmax", name="main")(inputs)})
    own = np.flatnonzero(np.load(job.folds / "folds.npy") != job.fold)
    places = np.load(job.views[0] / "features.npy")[own].astype(np.float32)
    hot = np.eye(2, dtype=np.float32)[files.targets(job.dataset)[own]]
    return Training(
        model=model,
        stages=(Stage(epochs=recipe.epochs, learning_rate=recipe.learning_rate),),
        losses={"main": "categorical_crossentropy"},
        loss_weights={"main": 1.0},
        metric="main",
        batch=lambda stage, epoch, step: Batch(places, {"main": hot}),
        steps_per_epoch=1,
        select=lambda model, stage: {},
        evaluate=lambda model: {},
    )
