"""Batches: of the dogs competition's own making from drawn photographs, and of drawn tokens."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.dogs.config import Recipe
from tasks.dogs.training import build as build_dogs
from tasks.learning.loading.loader import made_ahead
from tasks.learning.training.keras_setup import on_card
from tasks.learning.training.loop import Batch, Training
from tests.benchmarks.card.sizes import CLASSES, WORDS, Size

STAGE = Stage(epochs=100_000, learning_rate=1e-4, schedule="constant")
AUGMENTATION = {"crop_scale": 0.35, "color": 0.4, "flip": True}
MIXING = {"probability": 1.0, "mixup_alpha": 0.2, "cutmix_alpha": 1.0}


def training(size: Size, model: Any, folder: Path, *, workers: int) -> Training:
    """A training of the model on the batches of this size; its files are in `folder`."""
    found = _tokens(size, model) if size.is_text else _photographs(size, folder, workers=workers)
    return found._replace(
        model=model,
        stages=(STAGE,),
        steps_per_epoch=size.steps,
        select=lambda model, stage: {},
        evaluate=lambda model: {},
    )


def loaded(made: Training, *, workers: int) -> Iterator[Batch]:
    """Batch after batch without an end, made ahead as the loop has them made."""

    def make(stage: int, epoch: int, step: int) -> Batch:
        return made.batch(made.stages[stage], epoch, step)

    places = ((0, *divmod(step, made.steps_per_epoch)) for step in range(10**9))
    batches = made_ahead(make, places, source=made.source, workers=workers, processes=on_card())
    with closing(batches) as found:
        for each in found:
            yield Batch(*each)


def write_photographs(folder: Path, size: Size) -> None:
    """Drawn photographs, enough for an epoch, as the steps `load` and `split` of the dogs write them."""
    side, count = round(size.length * 8 / 7), size.steps * size.batch + CLASSES
    random = np.random.default_rng(0)
    (folder / "data").mkdir(parents=True)
    np.save(
        folder / "data" / "train_photos.npy",
        random.integers(256, size=(count, side, side, 3), dtype=np.uint8),
    )
    rows = [{"id": str(row), "label": row % CLASSES, "group": row} for row in range(count)]
    (folder / "data" / "train.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    (folder / "data" / "classes.json").write_text(json.dumps(list(range(CLASSES))), "utf-8")
    np.save(folder / "data" / "folds.npy", (np.arange(count) >= CLASSES).astype(np.int64))


def _photographs(size: Size, folder: Path, *, workers: int) -> Training:
    """The training of a small network; only its batches are used."""
    trunk = {"cut": "", "backbones": [{"name": "small", "weights": "none", "size_pixels": size.length}]}
    fit = {"batch_size": size.batch, "label_smoothing": 0.1, "mixing": MIXING}
    settings = {"trunk": trunk, "augmentation": AUGMENTATION, "training": fit}
    recipe = Recipe.model_validate(settings)
    write_photographs(folder, size)
    job = TrainJob(
        competition="dogs",
        settings=recipe.model_dump(mode="json"),
        dataset=folder / "data",
        folds=folder / "data",
        fold=0,
        seed=0,
        output=folder / "output",
        partial=folder / "partial",
        data_workers=workers,
    )
    return build_dogs(job)


def _tokens(size: Size, model: Any) -> Training:
    """Rows of an array of random tokens."""
    random = np.random.default_rng(0)
    tokens = random.integers(WORDS, size=(size.steps * size.batch, size.length), dtype=np.int32)
    zeros = np.zeros((size.batch, size.length), np.int32)
    targets = np.eye(CLASSES, dtype=np.float32)[np.arange(size.batch) % CLASSES]

    def batch(stage: Stage, epoch: int, step: int) -> Batch:
        rows = tokens[step * size.batch : (step + 1) * size.batch]
        inputs = {"token_ids": rows, "segment_ids": zeros, "padding_mask": zeros + 1}
        return Batch(inputs, {"main": targets})

    return Training(
        model=model,
        stages=(STAGE,),
        losses={"main": "categorical_crossentropy"},
        loss_weights={"main": 1.0},
        batch=batch,
        steps_per_epoch=size.steps,
        metric="main",
    )
