"""Augmented training views of a photograph; the only module that uses albumentations.

Every view is a pure function of its arguments, the seed included: the same bytes in any thread, process or
order of calls. Photographs are squares, uint8 (S, S, 3), red green blue.

Rotation, zoom, flip, a masked quarter and pairs of one breed follow the first published solution of the
competition (2017); crop, colour and cutout are those of later recipes.
"""

import os
import random
import threading
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from tasks.dogs.config import Augmentation
from tasks.dogs.test_time_views import resized

GREY = 128


class _Pipeline(NamedTuple):
    """Steps of albumentations before and after our own zoom; None where there are none."""

    frame: Any | None
    finish: Any | None


class _Pipelines(threading.local):
    """Pipelines of one thread: they have random state, so no two threads may share one."""

    def __init__(self) -> None:
        self.built: dict[tuple[Augmentation, int], _Pipeline] = {}


_pipelines = _Pipelines()


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
    others = partners[partners != index]
    if settings.combine and generator.random() < settings.combine:
        siblings = others[labels[others] == labels[index]]
        if siblings.size:
            sibling = resized(photos[generator.choice(siblings)], size_pixels)
            return _joined(resized(photos[index], size_pixels), sibling, generator=generator)

    pipeline = _pipeline(settings, size_pixels)
    photo = _applied(pipeline.frame, np.array(photos[index]), generator=generator)
    if settings.zoom:
        background = photos[generator.choice(others)] if others.size else photo
        photo = _zoomed(photo, background, settings.zoom, size_pixels, generator=generator)
    photo = _applied(pipeline.finish, resized(photo, size_pixels), generator=generator)
    if settings.quadrant_mask and generator.random() < settings.quadrant_mask:
        photo = _masked(photo, quarter=int(generator.integers(4)))
    return photo


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
    return np.where(masks[generator.integers(4)][..., np.newaxis], photo, sibling)


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


def _applied(steps: Any, photo: np.ndarray, *, generator: np.random.Generator) -> np.ndarray:
    """The photograph after the steps, with a random state of this call only.

    `set_random_seed` would give every step the same seed, so that exactly the mirrored views had
    cutouts; one state that the steps share does not, and is faster (14 against 64 microseconds).
    """
    if steps is None:
        return photo
    steps.set_random_state(generator, random.Random(int(generator.integers(2**32))))
    return steps(image=photo)["image"]


def _pipeline(settings: Augmentation, size: int) -> _Pipeline:
    """This thread's pipeline, cached because building one takes as long as a view."""
    key = (settings, size)
    if key not in _pipelines.built:
        _pipelines.built[key] = _Pipeline(
            frame=_composed(_frame_steps(settings, size)), finish=_composed(_finish_steps(settings))
        )
    return _pipelines.built[key]


def _composed(steps: list[Any]) -> Any | None:
    return _libraries()[1].Compose(steps) if steps else None


def _frame_steps(settings: Augmentation, size: int) -> list[Any]:
    """Rotation and crop. A reflection fills uncovered corners: black ones would mark rotated views."""
    cv2, albumentations = _libraries()
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
    albumentations = _libraries()[1]
    steps = [albumentations.HorizontalFlip(p=0.5)] if settings.flip else []
    if settings.color:
        change, hue = 0.8 * settings.color, 0.2 * settings.color
        steps += [albumentations.ColorJitter(change, change, change, hue, p=1)]
    if settings.cutout:
        sides = {"hole_height_range": (0.1, 0.3), "hole_width_range": (0.1, 0.3)}
        steps += [albumentations.CoarseDropout((1, 3), **sides, fill=GREY, p=settings.cutout)]
    return steps


@lru_cache
def _libraries() -> tuple[ModuleType, ModuleType]:
    """OpenCV and albumentations, without update checks and threads: views are made in parallel already."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations
    import cv2

    cv2.setNumThreads(0)
    return cv2, albumentations
