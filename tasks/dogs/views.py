"""Photographs through the frozen trunk: augmented views to train on, test-time views to predict from."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from tasks.core.competition import Job
from tasks.core.process import Progress
from tasks.dogs import data
from tasks.dogs.augment import test_view, view
from tasks.dogs.config import Augmentation, Backbone, Trunk
from tasks.learning import backbones
from tasks.learning.batches import prefetch
from tasks.learning.devices import configure
from tasks.learning.seeds import derive

BATCH = 32
"""Rows a forward pass; fixed, since sums within a pass may depend on its size."""


def augment(job: Job) -> None:
    """Write `features.npy`: one augmented view of each training photograph, through the trunk.

    Whatever a view mixes in comes from photographs of the same fold, so a held-out photograph is never
    part of a view that its fold's model trains on, and all folds share the views.
    """
    trunk = Trunk.model_validate(job.settings["trunk"])
    settings = Augmentation.model_validate(job.settings["augmentation"])
    photos, labels = data.photos(job.dataset, "train"), data.targets(job.dataset)
    folds = np.load(job.folds / "folds.npy") if job.folds else np.zeros(len(labels), np.int64)

    def picture(index: int, size_pixels: int) -> np.ndarray:
        return view(
            photos,
            index,
            partners=np.flatnonzero(folds == folds[index]),
            labels=labels,
            settings=settings,
            size_pixels=size_pixels,
            seed=derive(job.seed, "view", int(job.view), int(job.plain), index),
            plain=job.plain,
        )

    _through_trunk(trunk, picture, len(labels), job.output / "features.npy", job=job)


def encode(job: Job) -> None:
    """Write `train.npy` and `test.npy`: one test-time view of every photograph, through the trunk."""
    trunk = Trunk.model_validate(job.settings["trunk"])
    for part in ("train", "test"):
        photos = data.photos(job.dataset, part)

        def picture(index: int, size_pixels: int, photos: np.ndarray = photos) -> np.ndarray:
            return test_view(photos[index], str(job.view), size_pixels=size_pixels)

        _through_trunk(trunk, picture, len(photos), job.output / f"{part}.npy", job=job)


def _through_trunk(
    trunk: Trunk, picture: Callable[[int, int], np.ndarray], count: int, file: Path, *, job: Job
) -> None:
    """Run `picture(index, size)` of all records through every backbone and join their features."""
    configure(job.seed)
    joined = [
        np.concatenate(list(_features(trunk, backbone, picture, count, job=job)))
        for backbone in trunk.backbones
    ]
    np.save(file, joined[0] if len(joined) == 1 else np.concatenate(joined, axis=-1))


def _features(
    trunk: Trunk,
    backbone: Backbone,
    picture: Callable[[int, int], np.ndarray],
    count: int,
    *,
    job: Job,
) -> Iterator[np.ndarray]:
    network = frozen_part(trunk, backbone)
    progress = Progress("photographs", count)

    def make(start: int) -> np.ndarray:
        rows = [picture(index, backbone.size_pixels) for index in range(start, min(start + BATCH, count))]
        rows += [rows[-1]] * (BATCH - len(rows))  # the same shape, hence the same sums, to the end
        return np.stack(rows).astype(np.float32)

    starts = range(0, count, BATCH)
    with closing(prefetch(make, starts, workers=job.data_workers, depth=4)) as batches:
        for start, batch in zip(starts, batches, strict=True):
            outputs = np.asarray(network.predict_on_batch(batch))[: count - start]
            yield outputs.astype(np.float16 if outputs.ndim > 2 else np.float32)
            progress.at(start + len(outputs))


def frozen_part(trunk: Trunk, backbone: Backbone):
    """The network up to the cut: (b, size, size, 3) float32 in 0 … 255 to features or feature maps."""
    network = backbones.load(
        backbone.name,
        backbone.weights,
        size_pixels=backbone.size_pixels,
        until=backbone.until,
        logits=backbone.logits,
    )
    return network if trunk.cut == "pool" else backbones.cut(network, trunk.cut)[0]
