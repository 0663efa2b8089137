"""Frozen features of a test-time view of all photographs."""

import numpy as np

from tasks.core.jobs import EncodeJob
from tasks.dogs import dataset
from tasks.dogs.config import Trunk
from tasks.dogs.test_time_views import prediction_view
from tasks.dogs.trunk import write_features

PARTS: tuple[dataset.Part, ...] = ("train", "test")


def encode(job: EncodeJob) -> None:
    """Write `train.npy` and `test.npy`: frozen features of one test-time view of every photograph."""
    trunk = Trunk.model_validate(job.settings["trunk"])
    for part in PARTS:
        photos = dataset.photos(job.dataset, part)

        def view(index: int, size_pixels: int, photos: np.ndarray = photos) -> np.ndarray:
            return prediction_view(photos[index], str(job.view), size_pixels=size_pixels)

        write_features(trunk, view, len(photos), job.output / f"{part}.npy", job=job)
