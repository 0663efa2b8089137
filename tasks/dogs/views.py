"""Frozen features of augmented views of the training photographs."""

from collections.abc import Callable

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.dogs import dataset
from tasks.dogs.augment import LIBRARIES, view
from tasks.dogs.config import Augmentation, Trunk
from tasks.dogs.trunk import write_features
from tasks.learning.loading.loader import Source
from tasks.learning.seeds import derive


def augment(job: AugmentJob) -> None:
    """Write `features.npy`: frozen features of one augmented view of each training photograph.

    A second photograph in a view is of the same fold, so that all folds can share the views.
    """
    trunk = Trunk.model_validate(job.settings["trunk"])
    count = len(dataset.photos(job.dataset, "train"))
    write_features(trunk, Source(views, job, LIBRARIES), count, job.output / "features.npy", job=job)


def views(job: AugmentJob) -> Callable[[int, int, int], np.ndarray]:
    """A function from (start, stop, size) to the views of these photographs, uint8 (n, size, size, 3)."""
    settings = Augmentation.model_validate(job.settings["augmentation"])
    photos, labels = dataset.photos(job.dataset, "train"), dataset.targets(job.dataset)
    folds = np.load(job.folds / "folds.npy")

    def augmented(index: int, size_pixels: int) -> np.ndarray:
        return view(
            photos,
            index,
            partners=np.flatnonzero(folds == folds[index]),
            labels=labels,
            settings=settings,
            size_pixels=size_pixels,
            seed=derive(job.seed, "view", job.view, int(job.plain), index),
            plain=job.plain,
        )

    return lambda start, stop, size: np.stack([augmented(index, size) for index in range(start, stop)])
