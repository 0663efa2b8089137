"""Inputs of a recipe's model, and its predictions from them."""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np

from tasks.core.competition import Part
from tasks.core.jobs import FoldJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.test_time_views import prediction_view

BATCH = 64
"""Records predicted at a time."""
HEADS = ("main", "auxiliary")
"""Outputs of networks that are probabilities."""


class Inputs:
    """Inputs of a recipe's model: test-time views of photographs, or their frozen features.

    Args:
        parts: the parts of the dataset that are read.
    """

    def __init__(self, job: FoldJob, recipe: Recipe, parts: tuple[Part, ...]) -> None:
        self.job, self.recipe, self.parts = job, recipe, parts

    @cached_property
    def encoded(self) -> dict[Part, dict[str, np.ndarray]]:
        """Memory-mapped frozen features of each part, by the name of their test-time view."""
        views = self.job.inputs.items()
        return {
            part: {view: np.load(files / f"{part}.npy", mmap_mode="r") for view, files in views}
            for part in self.parts
        }

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        if self.recipe.trunk.cut:
            return next(iter(self.encoded[self.parts[0]].values())).shape[1:]
        size = self.recipe.trunk.backbones[0].size_pixels
        return (size, size, 3)

    def rows(self, part: Part, view: str) -> Callable[[np.ndarray], np.ndarray]:
        """A function from indices of a part's records to inputs of this test-time view."""
        if self.recipe.trunk.cut:
            encoded = self.encoded[part][view]
            return lambda indices: np.asarray(encoded[indices], np.float32)
        photos, size = dataset.photos(self.job.dataset, part), self.shape[0]
        return lambda indices: np.stack(
            [prediction_view(photos[index], view, size_pixels=size) for index in indices]
        )


def rows_of_batch(chosen: np.ndarray, start: int) -> np.ndarray:
    """The `BATCH` records from a position of the chosen ones on; the last are repeated to fill it up."""
    return np.resize(chosen[start : start + BATCH], BATCH)


def predict_batches(network: Any, batches: Iterable[np.ndarray], count: int) -> np.ndarray:
    """(count, heads, k) float32 probabilities, from batches of one fixed shape, which may be filled up."""
    parts = []
    for batch in batches:
        outputs = network.predict_on_batch(batch)
        parts.append(np.stack([np.asarray(outputs[name]) for name in HEADS if name in outputs], axis=1))
    return np.concatenate(parts)[:count].astype(np.float32)
