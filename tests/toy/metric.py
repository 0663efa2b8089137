"""Share of points on the right side."""

from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Part, Score
from tasks.core.dataset import Dataset
from tasks.toy.dataset import targets


def scorer(dataset: Dataset, part: Part = "train", settings: dict[str, Any] | None = None) -> "Accuracy":
    if part != "train" or settings:
        raise ValueError(f"expected the training part and no settings, received {part!r}, {settings}")
    return Accuracy(targets(dataset))


class Accuracy(NamedTuple):
    truth: np.ndarray

    def __call__(
        self, values: np.ndarray, rows: np.ndarray | None = None, *, decision: dict[str, Any] | None = None
    ) -> Score:
        share = float((values.argmax(1) == (self.truth if rows is None else self.truth[rows])).mean())
        return Score("accuracy", share, (share * (1 - share) / len(values)) ** 0.5)

    def decide(self, values: np.ndarray) -> dict[str, Any]:
        return {}

    def targets(self, values: np.ndarray) -> np.ndarray:
        return self.truth
