"""Frozen features of a test-time view of a part's photographs."""

from collections.abc import Callable

import numpy as np

from tasks.core.jobs import EncodeJob
from tasks.dogs import dataset
from tasks.dogs.config import Trunk
from tasks.dogs.test_time_views import prediction_view
from tasks.dogs.trunk import write_features
from tasks.learning.loading.loader import Source


def encode(job: EncodeJob) -> None:
    """Write `<part>.npy`: frozen features of one test-time view of each of the part's photographs."""
    trunk = Trunk.model_validate(job.settings["trunk"])
    count = len(dataset.photos(job.dataset, job.part))
    write_features(trunk, Source(views, job), count, job.output / f"{job.part}.npy", job=job)


def views(job: EncodeJob) -> Callable[[int, int, int], np.ndarray]:
    """A function from (start, stop, size) to the views of these photographs, uint8 (n, size, size, 3)."""
    photos = dataset.photos(job.dataset, job.part)

    def made(start: int, stop: int, size_pixels: int) -> np.ndarray:
        chosen = range(start, stop)
        return np.stack([prediction_view(photos[at], job.view, size_pixels=size_pixels) for at in chosen])

    return made
