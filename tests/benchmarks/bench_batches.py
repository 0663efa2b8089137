"""Views of photographs a second, and what threads add; run by hand from the repository's root:

python -m tests.benchmarks.bench_batches --workers 1 2 4
"""

import argparse
import time
from contextlib import closing
from functools import partial

import numpy as np

from tasks.dogs.augment import view
from tasks.dogs.config import Augmentation
from tasks.learning.training.batches import prefetch

SETS = {
    "resize and flip": Augmentation(),
    "2017": Augmentation(rotation_degrees=10, zoom=0.2, quadrant_mask=0.5, combine=0.5),
    "modern": Augmentation(crop_scale=0.35, color=0.5, cutout=0.5),
}


def drawn(*, count: int, size: int) -> np.ndarray:
    """Smooth photographs with a little noise, uint8 (count, size, size, 3)."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 224, (count, size // 16, size // 16, 3), dtype=np.uint8)
    smooth = coarse.repeat(16, axis=1).repeat(16, axis=2)
    return smooth + generator.integers(0, 32, smooth.shape, dtype=np.uint8)


def batch(step: int, *, photos: np.ndarray, settings: Augmentation, batch_size: int, size: int) -> np.ndarray:
    everyone = np.arange(len(photos))
    labels = everyone % 100
    return np.stack(
        [
            view(
                photos,
                seed % len(photos),
                partners=everyone,
                labels=labels,
                settings=settings,
                size_pixels=size,
                seed=seed,
            )
            for seed in range(step * batch_size, (step + 1) * batch_size)
        ]
    )


def views_per_second(settings: Augmentation, *, workers: int, arguments: argparse.Namespace) -> float:
    photos = drawn(count=arguments.photos, size=arguments.source)
    make = partial(
        batch,
        photos=photos,
        settings=settings,
        batch_size=arguments.batch_size,
        size=arguments.size,
    )
    steps = range(arguments.steps + 1)
    with closing(prefetch(make, steps, workers=workers, depth=workers)) as batches:
        next(batches)
        start = time.perf_counter()
        done = sum(len(made) for made in batches)
    return done / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--source", type=int, default=256)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=40)
    arguments = parser.parse_args()
    for name, settings in SETS.items():
        for workers in arguments.workers:
            rate = views_per_second(settings, workers=workers, arguments=arguments)
            print(f"{name:16} {workers:2} threads {rate:8.0f} views/s")


if __name__ == "__main__":
    main()
