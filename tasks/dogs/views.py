"""Augmented views of the training photographs, through the frozen trunk."""

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.dogs import dataset
from tasks.dogs.augment import view
from tasks.dogs.config import Augmentation, Trunk
from tasks.dogs.trunk import through_trunk
from tasks.learning.seeds import derive


def augment(job: AugmentJob) -> None:
    """Write `features.npy`: one augmented view of each training photograph, through the trunk.

    Whatever a view mixes in comes from photographs of the same fold, so a held-out photograph is never
    part of a view that its fold's model trains on, and all folds share the views.
    """
    trunk = Trunk.model_validate(job.settings["trunk"])
    settings = Augmentation.model_validate(job.settings["augmentation"])
    photos, labels = dataset.photos(job.dataset, "train"), dataset.targets(job.dataset)
    folds = np.load(job.folds / "folds.npy")

    def picture(index: int, size_pixels: int) -> np.ndarray:
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

    through_trunk(trunk, picture, len(labels), job.output / "features.npy", job=job)
