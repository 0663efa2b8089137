"""Test-time views of all photographs, through the frozen trunk."""

import numpy as np

from tasks.core.jobs import EncodeJob
from tasks.dogs import dataset
from tasks.dogs.config import Trunk
from tasks.dogs.prediction_views import prediction_view
from tasks.dogs.trunk import through_trunk

PARTS: tuple[dataset.Part, ...] = ("train", "test")


def encode(job: EncodeJob) -> None:
    """Write `train.npy` and `test.npy`: one test-time view of every photograph, through the trunk."""
    trunk = Trunk.model_validate(job.settings["trunk"])
    for part in PARTS:
        photos = dataset.photos(job.dataset, part)

        def picture(index: int, size_pixels: int, photos: np.ndarray = photos) -> np.ndarray:
            return prediction_view(photos[index], str(job.view), size_pixels=size_pixels)

        through_trunk(trunk, picture, len(photos), job.output / f"{part}.npy", job=job)
