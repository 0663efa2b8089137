"""Photographs a second of the loader, beside albumentations alone in as many processes; by hand:

python -m tests.benchmarks.bench_loader --workers 1 2

Alternating rounds in one run, medians. `straight` composes the same operations once a process, calls them and
stacks the photographs, and hands nothing over; `threads` and `processes` are the loader's, whose batches
arrive here, each view drawn from a seed of its own. Milliseconds of a core for a photograph, in all processes
together, tell more than rates where other programs run.
"""

import argparse
import multiprocessing
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from tasks.dogs.augment import GREY, LIBRARIES, view
from tasks.dogs.config import Augmentation
from tasks.learning.loading.loader import Source, made_ahead

SETS = {
    "resize and flip": Augmentation(),
    "2017": Augmentation(rotation_degrees=10, zoom=0.2, quadrant_mask=0.5, combine=0.5),
    "modern": Augmentation(crop_scale=0.35, color=0.5, cutout=0.5),
}
ALONE = ("resize and flip", "modern")
"""Sets that consist of operations of albumentations."""
WARM_UP = 8
"""Batches of each worker that are not timed."""


class Photographs(BaseModel):
    """What the loader's processes get."""

    file: Path
    augmentation: Augmentation
    size: int
    batch_size: int


def drawn(*, count: int, size: int) -> np.ndarray:
    """Smooth photographs with a little noise, uint8 (count, size, size, 3)."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 224, (count, size // 16, size // 16, 3), dtype=np.uint8)
    smooth = coarse.repeat(16, axis=1).repeat(16, axis=2)
    return smooth + generator.integers(0, 32, smooth.shape, dtype=np.uint8)


class Figures(NamedTuple):
    """What a round measures."""

    rate: float
    """Photographs a second."""
    core: float
    """Milliseconds of a core for a photograph."""


def batches(job: Photographs) -> Callable[[int], tuple[np.ndarray, int, float]]:
    """Views as `tasks.dogs.training` draws them, the process that made them, and its CPU seconds so far."""
    photos = np.load(job.file, mmap_mode="r")
    everyone = np.arange(len(photos))

    def make(step: int) -> tuple[np.ndarray, int, float]:
        seeds = range(step * job.batch_size, (step + 1) * job.batch_size)
        options: dict[str, Any] = {
            "partners": everyone,
            "labels": everyone % 100,
            "settings": job.augmentation,
        }
        views = [view(photos, at % len(photos), size_pixels=job.size, seed=at, **options) for at in seeds]
        return np.stack(views), os.getpid(), time.process_time()

    return make


def of_loader(job: Photographs, *, workers: int, steps: int, processes: bool) -> Figures:
    source = Source(batches, job, LIBRARIES)
    places = ((step,) for step in range((WARM_UP + steps) * workers))
    make = batches(job)
    spent: dict[int, list[float]] = defaultdict(list)
    with closing(made_ahead(make, places, source=source, workers=workers, processes=processes)) as made:
        for _ in range(WARM_UP * workers):
            next(made)
        start, began = time.perf_counter(), time.process_time()
        for _, pid, seconds in made:
            spent[pid].append(seconds)
        seconds, own = time.perf_counter() - start, time.process_time() - began
    of_workers = [
        1000 * (max(times) - min(times)) / (len(times) - 1) / job.batch_size
        for pid, times in spent.items()
        if pid != os.getpid() and len(times) > 1
    ]
    count = workers * steps * job.batch_size
    return Figures(count / seconds, (median(of_workers) if of_workers else 0.0) + 1000 * own / count)


def straight(job: Photographs, *, workers: int, steps: int, processes: bool) -> Figures:
    context = multiprocessing.get_context("spawn")
    ready, done, spent = (
        context.Barrier(workers + 1),
        context.Barrier(workers + 1),
        context.Array("d", workers, lock=False),
    )
    running = [
        context.Process(target=straight_process, args=(job, steps, ready, done, spent, number))
        for number in range(workers)
    ]
    for each in running:
        each.start()
    ready.wait()
    start = time.perf_counter()
    done.wait()
    seconds = time.perf_counter() - start
    for each in running:
        each.join()
    count = steps * job.batch_size
    return Figures(workers * count / seconds, 1000 * median(spent) / count)


def straight_process(job: Photographs, steps: int, ready: Any, done: Any, spent: Any, number: int) -> None:
    photos, augmented = np.load(job.file, mmap_mode="r"), composed(job)

    def batch(step: int) -> np.ndarray:
        chosen = range(step * job.batch_size, (step + 1) * job.batch_size)
        return np.stack([augmented(image=photos[at % len(photos)])["image"] for at in chosen])

    for step in range(WARM_UP):
        batch(step)
    ready.wait()
    began = time.process_time()
    for step in range(steps):
        batch(step)
    spent[number] = time.process_time() - began
    done.wait()


def composed(job: Photographs) -> Any:
    """The operations of `tasks.dogs.augment` in one pipeline of albumentations."""
    from tasks.learning.loading.image_libraries import albumentations

    settings, size = job.augmentation, (job.size, job.size)
    steps = [albumentations.Resize(*size)]
    if settings.crop_scale < 1:
        scale, ratio = (settings.crop_scale, 1.0), (3 / 4, 4 / 3)
        steps = [albumentations.RandomResizedCrop(size, scale=scale, ratio=ratio, p=1)]
    steps += [albumentations.HorizontalFlip(p=0.5)]
    if settings.color:
        change, hue = 0.8 * settings.color, 0.2 * settings.color
        steps += [albumentations.ColorJitter(change, change, change, hue, p=1)]
    if settings.cutout:
        sides = {"hole_height_range": (0.1, 0.3), "hole_width_range": (0.1, 0.3)}
        steps += [albumentations.CoarseDropout((1, 3), **sides, fill=GREY, p=settings.cutout)]
    return albumentations.Compose(steps, seed=0)


KINDS: dict[str, tuple[Callable[..., Figures], bool]] = {
    "straight": (straight, True),
    "threads": (of_loader, False),
    "processes": (of_loader, True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--source", type=int, default=256)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20, help="batches a worker and round")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photos.npy"
        np.save(file, drawn(count=arguments.photos, size=arguments.source))
        for name in arguments.sets:
            job = Photographs(
                file=file, augmentation=SETS[name], size=arguments.size, batch_size=arguments.batch_size
            )
            print_rates(name, job, arguments)


def print_rates(name: str, job: Photographs, arguments: argparse.Namespace) -> None:
    found: dict[tuple[str, int], list[Figures]] = defaultdict(list)
    for _ in range(arguments.rounds):
        for workers in arguments.workers:
            for kind, (measure, processes) in KINDS.items():
                if kind != "straight" or name in ALONE:
                    figures = measure(job, workers=workers, steps=arguments.steps, processes=processes)
                    found[kind, workers].append(figures)
    for (kind, workers), rounds in found.items():
        rates = [figures.rate for figures in rounds]
        core = median(figures.core for figures in rounds)
        spread = f"{min(rates):.0f} … {max(rates):.0f}"
        print(f"{name:16} {kind:10} {workers:2} {median(rates):8.0f} photographs/s ({spread}), {core:.3f} ms")


if __name__ == "__main__":
    main()
