"""Frozen features of a test-time view of a part's photographs."""

import numpy as np

from tasks.core.jobs import EncodeJob
from tasks.dogs import dataset
from tasks.dogs.config import Trunk
from tasks.dogs.test_time_views import prediction_view
from tasks.dogs.trunk import write_features


def encode(job: EncodeJob) -> None:
    """Write `<part>.npy`: frozen features of one test-time view of each of the part's photographs."""
    trunk = Trunk.model_validate(job.settings["trunk"])
    photos = dataset.photos(job.dataset, job.part)

    def view(index: int, size_pixels: int) -> np.ndarray:
        return prediction_view(photos[index], job.view, size_pixels=size_pixels)

    write_features(trunk, view, len(photos), job.output / f"{job.part}.npy", job=job)
