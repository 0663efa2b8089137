"""Augmented training views of a photograph; the only user of albumentations.

Every view is a pure function of its arguments, the seed included: the same bytes in any thread, process or
order of calls. Photographs are squares, uint8 (S, S, 3), red green blue.

Rotation, zoom, flip, a masked quarter and pairs of one breed follow the first published solution of the
competition (2017); crop, colour and cutout are those of later recipes.
"""

import random
import threading
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tasks.dogs.config import Augmentation
from tasks.dogs.test_time_views import resized

GREY = 128
LIBRARIES = ("tasks.learning.loading.image_libraries",)
"""What processes that make views import beforehand."""


class _Pipeline(NamedTuple):
    """Steps of albumentations before and after our own zoom."""

    frame: list[Any]
    finish: list[Any]


class _OfThread(threading.local):
    """What has random state, so that no two threads may share it."""

    def __init__(self) -> None:
        self.pipelines: dict[tuple[Augmentation, int], _Pipeline] = {}
        self.random = random.Random()


_of_thread = _OfThread()


def view(
    photos: np.ndarray,
    index: int,
    *,
    partners: np.ndarray,
    labels: np.ndarray,
    settings: Augmentation,
    size_pixels: int,
    seed: int,
    plain: bool = False,
) -> np.ndarray:
    """One training view of `photos[index]`, uint8 (size_pixels, size_pixels, 3).

    Args:
        photos: (n, S, S, 3) uint8, may be a memory map.
        partners: indices of the photographs that `zoom` below one and `combine` may use. For views that
            several folds share, pass those of the photograph's own fold: they are held out together with it,
            so no training view contains held-out pixels.
        labels: (n,) class indices, read for the photograph and its partners.
        plain: crop, zoom and flip only, for stages that are `plain`.
    """
    generator = np.random.default_rng(seed)
    settings = _plain_settings(settings) if plain else settings
    if settings.combine and generator.random() < settings.combine:
        others = partners[partners != index]
        siblings = others[labels[others] == labels[index]]
        if siblings.size:
            sibling = resized(photos[generator.choice(siblings)], size_pixels)
            return _joined(resized(photos[index], size_pixels), sibling, generator=generator)

    pipeline = _pipeline(settings, size_pixels)
    photo = np.asarray(photos[index]).view()
    photo.flags.writeable = False
    photo = _applied(pipeline.frame, photo, generator=generator)
    if settings.zoom:
        others = partners[partners != index]
        background = photos[generator.choice(others)] if others.size else photo
        photo = _zoomed(photo, background, settings.zoom, size_pixels, generator=generator)
    photo = photo if len(photo) == size_pixels else resized(photo, size_pixels)
    photo = _applied(pipeline.finish, photo, generator=generator)
    if settings.quadrant_mask and generator.random() < settings.quadrant_mask:
        photo = _masked(photo, quarter=int(generator.integers(4)))
    return photo if photo.flags.writeable else photo.copy()  # no step has changed it


@lru_cache
def _plain_settings(settings: Augmentation) -> Augmentation:
    return Augmentation(zoom=settings.zoom, crop_scale=settings.crop_scale, flip=settings.flip)


def _joined(photo: np.ndarray, sibling: np.ndarray, *, generator: np.random.Generator) -> np.ndarray:
    """Two photographs joined along a cut in the middle half, or along one of the diagonals."""
    size = len(photo)
    cut = int(size * generator.uniform(0.25, 0.75))
    before = np.broadcast_to(np.arange(size) < cut, (size, size))
    below = np.tri(size, dtype=bool)
    masks = (before, before.T, below, below[:, ::-1])
    np.copyto(sibling, photo, where=masks[generator.integers(4)][..., np.newaxis])
    return sibling


def _zoomed(
    photo: np.ndarray, background: np.ndarray, zoom: float, size: int, *, generator: np.random.Generator
) -> np.ndarray:
    """Enlarged and cropped at random, or reduced and pasted on the background at random."""
    side = max(1, round(size * generator.uniform(1 - zoom, 1 + zoom)))
    top, left = generator.integers(abs(side - size) + 1, size=2)
    photo = resized(photo, side)
    if side >= size:
        return np.ascontiguousarray(photo[top : top + size, left : left + size])
    canvas = resized(background, size)
    canvas[top : top + side, left : left + side] = photo
    return canvas


def _masked(photo: np.ndarray, *, quarter: int) -> np.ndarray:
    """One quarter black: 0 and 1 above, 2 and 3 below."""
    middle = len(photo) // 2
    halves = (slice(None, middle), slice(middle, None))
    masked = photo.copy()
    masked[halves[quarter // 2], halves[quarter % 2]] = 0
    return masked


def _applied(steps: list[Any], photo: np.ndarray, *, generator: np.random.Generator) -> np.ndarray:
    """The photograph after the steps, with a random state of this call only.

    The steps share one state: with a seed for each, equal ones would make exactly the mirrored views have
    cutouts. They are called without a `Compose`, whose checks of boxes and shapes take up to a tenth of a
    view's time.
    """
    if not steps:
        return photo
    shared = _of_thread.random
    shared.seed(int(generator.integers(2**32)))
    shared.random()  # a `Compose` would draw this for its own probability
    for step in steps:
        step.set_random_state(generator, shared)
        photo = step(image=photo)["image"]
    return photo


def _pipeline(settings: Augmentation, size: int) -> _Pipeline:
    """This thread's pipeline, cached because building one takes as long as a view."""
    key = (settings, size)
    pipelines = _of_thread.pipelines
    if key not in pipelines:
        pipelines[key] = _Pipeline(_frame_steps(settings, size), _finish_steps(settings))
    return pipelines[key]


def _frame_steps(settings: Augmentation, size: int) -> list[Any]:
    """Rotation and crop. A reflection fills uncovered corners: black ones would mark rotated views."""
    from tasks.learning.loading.image_libraries import albumentations, cv2

    steps = []
    if degrees := settings.rotation_degrees:
        nearest, reflection = cv2.INTER_NEAREST, cv2.BORDER_REFLECT_101
        steps += [albumentations.Rotate(limit=degrees, interpolation=nearest, border_mode=reflection, p=1)]
    if settings.crop_scale < 1:
        scale, ratio = (settings.crop_scale, 1.0), (3 / 4, 4 / 3)
        steps += [albumentations.RandomResizedCrop((size, size), scale=scale, ratio=ratio, p=1)]
    return steps


def _finish_steps(settings: Augmentation) -> list[Any]:
    """Flip, colour and cutout; the strengths of colour have SimCLR's ratios (Chen et al., ICML 2020)."""
    from tasks.learning.loading.image_libraries import albumentations

    steps = [albumentations.HorizontalFlip(p=0.5)] if settings.flip else []
    if settings.color:
        change, hue = 0.8 * settings.color, 0.2 * settings.color
        steps += [albumentations.ColorJitter(change, change, change, hue, p=1)]
    if settings.cutout:
        sides = {"hole_height_range": (0.1, 0.3), "hole_width_range": (0.1, 0.3)}
        steps += [albumentations.CoarseDropout((1, 3), **sides, fill=GREY, p=settings.cutout)]
    return steps
