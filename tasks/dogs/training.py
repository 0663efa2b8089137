"""The training of one fold's model: batches as a function of the step, losses, held-out figures."""

from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.dogs import dataset, model
from tasks.dogs.augment import LIBRARIES, view
from tasks.dogs.config import Recipe
from tasks.dogs.config import Stage as DogsStage
from tasks.dogs.inputs import BATCH, Inputs, predict_batches, rows_of_batch
from tasks.dogs.test_time_views import prediction_view
from tasks.learning.folds.rows import held_out_rows, training_rows
from tasks.learning.loading.loader import Source, made_ahead
from tasks.learning.pretrained.weights import load_weights
from tasks.learning.seeds import derive, generator
from tasks.learning.training.batches import class_pairs, order
from tasks.learning.training.loop import Batch, Training
from tasks.learning.training.mixup import mix
from tasks.learning.training.out_of_memory import Size

EVALUATED = 512
"""Most held-out records evaluated after an epoch where each must go through the whole network."""


def build(job: TrainJob) -> Training:
    """The training of one fold's model, as `tasks.learning.training.loop.fit` takes it."""
    recipe = Recipe.model_validate(job.settings)
    records = Records(job, recipe)
    network = model.build_model(recipe, shape=records.inputs.shape, class_count=records.class_count)
    if job.start:
        load_weights(network, job.start / "model.weights.h5")
    elif recipe.head.start != "random":
        features, labels = records.pooled(network)
        start = model.head_start(features, labels, recipe.head, class_count=records.class_count)
        network.get_layer("main").set_weights(start)
    losses, loss_weights = model.losses(recipe)
    return Training(
        model=network,
        stages=recipe.training.stages,
        losses=losses,
        loss_weights=loss_weights,
        metric="main",
        batch=records.batch,
        source=None if recipe.trunk.cut else Source(batches, job, LIBRARIES),
        steps_per_epoch=records.steps_per_epoch,
        select=model.select,
        evaluate=records.evaluate,
        ema=recipe.training.ema,
        size=Size("recipe.training.batch_size", records.batch_size, recipe.training.fit_memory),
    )


def batches(job: TrainJob) -> Callable[[int, int, int], Batch]:
    """A function from (stage, epoch, step) to the batch, for processes without Keras; see `Records.batch`."""
    recipe = Recipe.model_validate(job.settings)
    records = Records(job, recipe)
    return lambda stage, epoch, step: records.batch(recipe.training.stages[stage], epoch, step)


class Records:
    """The records a fold's model is fitted on: those of other folds, and pseudo-labelled test records."""

    def __init__(self, job: TrainJob, recipe: Recipe) -> None:
        self.job, self.recipe = job, recipe
        self.inputs = Inputs(job, recipe, ("train", "test") if job.labels else ("train",))
        self.class_count = len(dataset.classes(job.dataset))
        self.held_out, self.fitted = held_out_rows(job), training_rows(job)
        self.labels = labels = dataset.targets(job.dataset)
        self._pseudo = np.load(job.labels / "pseudo.npy") if job.labels else np.empty((0, 3))
        self.count = len(self.fitted) + len(self._pseudo)
        self.class_of = np.concatenate([labels[self.fitted], self._pseudo[:, 1]]).astype(np.int64)
        self.weight_of = np.concatenate([np.ones(len(self.fitted)), self._pseudo[:, 2]])
        self.batch_size = min(recipe.training.batch_size, self.count)
        self.steps_per_epoch = self.count // self.batch_size

    def batch(self, stage: Stage, epoch: int, step: int) -> Batch:
        """The batch of a step: a pure function of its arguments and the job.

        Inputs are float32, or uint8 where they are photographs and none are mixed: networks take both, and a
        quarter of the bytes goes from process to process and to the card.
        """
        positions = self._positions(stage, epoch, step)
        targets = self._targets(positions)
        inputs = np.stack([self._input(int(position), stage, epoch) for position in positions])
        mixing = self.recipe.training.mixing
        mixed = mixing.probability and not stage.plain
        if self.recipe.trunk.cut or mixed:
            inputs = inputs.astype(np.float32)
        if mixed:
            random = generator(self.job.seed, "mix", epoch, step)
            inputs, targets = mix(inputs, targets, generator=random, **mixing.model_dump())
        weights = self.weight_of[positions].astype(np.float32) if len(self._pseudo) else None
        return Batch(inputs, dict.fromkeys(model.losses(self.recipe)[0], targets), weights)

    def _positions(self, stage: Stage, epoch: int, step: int) -> np.ndarray:
        """(b,) places of the records of a step; those with labels of a first round come after all others."""
        seed, size = derive(self.job.seed, "batches"), self.batch_size
        number = epoch * self.steps_per_epoch + step
        labelled_only = isinstance(stage, DogsStage) and stage.labelled_only
        count = len(self.fitted) if labelled_only else self.count
        if self.recipe.training.batches == "pairs":
            return class_pairs(self.class_of[:count], batch_size=size, seed=seed, step=number)
        if not labelled_only:
            return order(count, seed=seed, epoch=epoch)[step * size : (step + 1) * size]
        passes, places = np.divmod(np.arange(number * size, (number + 1) * size), count)
        orders = {each: order(count, seed=seed, epoch=each) for each in np.unique(passes).tolist()}
        return np.array([orders[each][place] for each, place in zip(passes.tolist(), places, strict=True)])

    def _targets(self, positions: np.ndarray) -> np.ndarray:
        """(b, k) float32 one-hot targets, smoothed."""
        share = self.recipe.training.label_smoothing
        hot = np.eye(self.class_count, dtype=np.float32)[self.class_of[positions]]
        return hot * (1 - share) + np.float32(share / self.class_count)

    def _input(self, position: int, stage: Stage, epoch: int) -> np.ndarray:
        seed = derive(self.job.seed, "input", epoch, position)
        if position >= len(self.fitted):
            return self._pseudo_input(int(self._pseudo[position - len(self.fitted), 0]), seed)
        record = int(self.fitted[position])
        if self.recipe.trunk.cut:
            views = self._plain_views if stage.plain else self._views
            return views[seed % len(views)][record]
        return view(
            self._photos,
            record,
            partners=self.fitted,
            labels=self.labels,
            settings=self.recipe.augmentation,
            size_pixels=self.inputs.shape[0],
            seed=seed,
            plain=stage.plain,
        )

    def _pseudo_input(self, record: int, seed: int) -> np.ndarray:
        if self.recipe.trunk.cut:
            return self._test_views[seed % len(self._test_views)][record]
        name = ("identity", "flip")[seed % 2]
        return prediction_view(self._test_photos[record], name, size_pixels=self.inputs.shape[0])

    def pooled(self, network: Any) -> tuple[np.ndarray, np.ndarray]:
        """Pooled features and labels of the training records, one view after another."""
        top = model.top_of(network)
        rows = [np.asarray(each[self.fitted], np.float32) for each in self._views]
        if top is not None:
            rows = [_predicted(top, each) for each in rows]
        return np.concatenate(rows), np.tile(self.labels[self.fitted], len(rows))

    def evaluate(self, network: Any) -> dict[str, float]:
        """Loss and accuracy of held-out records as they are."""
        chosen = self.held_out if self.recipe.trunk.cut else self.held_out[:EVALUATED]
        rows = self.inputs.rows("train", "identity")
        places = ((start,) for start in range(0, len(chosen), BATCH))
        with closing(
            made_ahead(lambda start: rows(rows_of_batch(chosen, start)), places, workers=1)
        ) as batches:
            scores = predict_batches(network, batches, len(chosen))[:, 0]
        truth = self.labels[chosen]
        likelihood = np.clip(scores[np.arange(len(chosen)), truth], 1e-7, 1)
        return {
            "held_out_loss": float(-np.log(likelihood).mean()),
            "held_out_accuracy": float((scores.argmax(1) == truth).mean()),
        }

    @cached_property
    def _photos(self) -> np.ndarray:
        return dataset.photos(self.job.dataset, "train")

    @cached_property
    def _test_photos(self) -> np.ndarray:
        return dataset.photos(self.job.dataset, "test")

    @cached_property
    def _views(self) -> list[np.ndarray]:
        """Features of augmented views, or of test-time views if there are none."""
        return _features(self.job.views) or list(self.inputs.encoded["train"].values())

    @cached_property
    def _plain_views(self) -> list[np.ndarray]:
        return _features(self.job.plain_views) or self._views

    @cached_property
    def _test_views(self) -> list[np.ndarray]:
        """Features of the test-time views of test records."""
        return list(self.inputs.encoded["test"].values())


def _predicted(network: Any, rows: np.ndarray, *, batch: int = 32) -> np.ndarray:
    """Outputs of a network, in batches of one shape: first rows are repeated to fill up the last one."""
    filled = np.resize(rows, (-(-len(rows) // batch) * batch, *rows.shape[1:]))
    return np.asarray(network.predict(filled, batch_size=batch, verbose=0))[: len(rows)]


def _features(views: tuple[Path, ...]) -> list[np.ndarray]:
    """Memory-mapped features of augmented views."""
    return [np.load(view / "features.npy", mmap_mode="r") for view in views]
