"""Inputs of a recipe's model, and its predictions from them."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from tasks.core.competition import Part
from tasks.core.jobs import FoldJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.test_time_views import prediction_view


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
        ).astype(np.float32)


def predict_rows(
    network: Any, rows: Callable[[np.ndarray], np.ndarray], chosen: np.ndarray, *, batch: int = 64
) -> np.ndarray:
    """(n, heads, k) float32 probabilities of the chosen records, in batches of one fixed shape."""
    parts = []
    for start in range(0, len(chosen), batch):
        indices = chosen[start : start + batch]
        padded = np.resize(indices, batch)
        outputs = network.predict_on_batch(rows(padded))
        heads = [np.asarray(outputs[name]) for name in ("main", "auxiliary") if name in outputs]
        parts.append(np.stack(heads, axis=1)[: len(indices)])
    return np.concatenate(parts).astype(np.float32)
