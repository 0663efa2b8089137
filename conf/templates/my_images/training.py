"""The training of one fold's network: batches are functions of their place, so that it resumes exactly.

To fill in: other augmentations in `augmented`, other losses. Everything random must come from `generator`.
"""

from functools import partial
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.classification.records import inputs
from tasks.learning.folds.rows import held_out_rows, training_rows
from tasks.learning.seeds import derive, generator
from tasks.learning.training.batches import order
from tasks.learning.training.loop import Batch, Training
from tasks.learning.training.out_of_memory import Size
from tasks.my_images import dataset
from tasks.my_images.config import Augmentation, Recipe
from tasks.my_images.network import build_network


def build(job: TrainJob) -> Training:
    """The training of one fold's network, as `tasks.learning.training.loop.fit` takes it."""
    recipe = Recipe.model_validate(job.settings)
    records = Records(job, recipe)
    class_count = len(dataset.classes(job.dataset))
    return Training(
        model=build_network(recipe.network, size_pixels=records.images.shape[1], class_count=class_count),
        stages=recipe.training.stages,
        losses={"main": "categorical_crossentropy"},
        loss_weights={"main": 1.0},
        metric="main",
        batch=partial(records.batch, np.eye(class_count, dtype=np.float32)),
        steps_per_epoch=max(1, len(records.fitted) // records.batch_size),
        select=lambda model, stage: {},
        evaluate=records.evaluate,
        size=Size("recipe.training.batch_size", records.batch_size, False),
    )


class Records:
    """The images that one fold's network is fitted on, and those held out."""

    def __init__(self, job: TrainJob, recipe: Recipe) -> None:
        self.seed, self.recipe = job.seed, recipe
        self.images = inputs(job.dataset, "train")
        self.targets = dataset.targets(job.dataset)
        self.fitted, self.held_out = training_rows(job), held_out_rows(job)
        self.batch_size = min(recipe.training.batch_size, len(self.fitted))

    def batch(self, classes: np.ndarray, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its place; `classes` (k, k) are one-hot targets."""
        places = order(len(self.fitted), seed=derive(self.seed, "batches"), epoch=epoch)
        rows = self.fitted[places[step * self.batch_size : (step + 1) * self.batch_size]]
        random = generator(self.seed, "augmentation", epoch, step)
        images = np.stack([augmented(self.images[row], self.recipe.augmentation, random) for row in rows])
        return Batch(images.astype(np.float32), {"main": classes[self.targets[rows]]})

    def evaluate(self, network: Any) -> dict[str, float]:
        """Loss and accuracy of the held-out images."""
        if not len(self.held_out):
            return {}
        images = np.asarray(self.images[self.held_out], np.float32)
        scores = network.predict(images, batch_size=256, verbose=0)["main"]
        truth = self.targets[self.held_out]
        likelihood = np.clip(scores[np.arange(len(truth)), truth], 1e-7, 1)
        return {
            "held_out_loss": float(-np.log(likelihood).mean()),
            "held_out_accuracy": float((scores.argmax(axis=1) == truth).mean()),
        }


def augmented(image: np.ndarray, settings: Augmentation, random: np.random.Generator) -> np.ndarray:
    """A random view of an image (size, size, 3): shifted, with edges repeated, and maybe mirrored."""
    most = round(settings.shift * len(image))
    down, right = random.integers(-most, most + 1, size=2)
    rows = np.clip(np.arange(len(image)) - down, 0, len(image) - 1)
    columns = np.clip(np.arange(len(image)) - right, 0, len(image) - 1)
    view = image[rows][:, columns]
    return view[:, ::-1] if settings.flip and random.random() < 0.5 else view
