"""Read what `data.load` has written."""

import json
from typing import Any

import numpy as np

from tasks.core.competition import FoldKey, Part
from tasks.core.dataset import Dataset


def fold_key(dataset: Dataset) -> FoldKey:
    ids = list(records(dataset, "train"))
    return FoldKey(ids, targets(dataset), np.arange(len(ids)))


def ids(dataset: Dataset, part: Part) -> list[str]:
    return list(records(dataset, part)) if part in ("train", "test") else []


def records(dataset: Dataset, part: str) -> dict[str, Any]:
    points: dict[str, Any] = json.loads((dataset / f"{part}_points.json").read_text())
    return points


def targets(dataset: Dataset) -> np.ndarray:
    return np.array([point["label"] for point in records(dataset, "train").values()], np.int64)
