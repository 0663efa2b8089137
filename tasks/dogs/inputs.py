"""Inputs of a recipe's model, and its predictions from them."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.jobs import FoldJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.test_time_views import prediction_view


class Inputs:
    """Inputs of a recipe's model: test-time views of photographs, or their frozen features."""

    def __init__(self, job: FoldJob, recipe: Recipe) -> None:
        self.job, self.recipe = job, recipe

    @cached_property
    def encoded(self) -> dict[str, list[np.ndarray]]:
        """Frozen features of each part, one array for each test-time view."""
        folders = tuple(self.job.inputs.values())
        return {part: memory_mapped(folders, f"{part}.npy") for part in ("train", "test")}

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        if self.recipe.trunk.cut:
            return self.encoded["train"][0].shape[1:]
        size = self.recipe.trunk.backbones[0].size_pixels
        return (size, size, 3)

    def rows(self, part: dataset.Part, number: int) -> Callable[[np.ndarray], np.ndarray]:
        """A function from indices of a part's records to inputs of their `number`-th test-time view."""
        if self.recipe.trunk.cut:
            encoded = self.encoded[part][number]
            return lambda indices: np.asarray(encoded[indices], np.float32)
        photos, name = dataset.photos(self.job.dataset, part), self.recipe.test_time.views[number]
        size = self.shape[0]
        return lambda indices: np.stack(
            [prediction_view(photos[index], name, size_pixels=size) for index in indices]
        ).astype(np.float32)


def memory_mapped(folders: tuple[Path, ...], name: str) -> list[np.ndarray]:
    """The memory-mapped array of this name in each folder."""
    return [np.load(folder / name, mmap_mode="r") for folder in folders]


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
