"""Read what `data.load` has written."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import FoldKey, Part


def fold_key(dataset: Path) -> FoldKey:
    ids = list(records(dataset, "train"))
    return FoldKey(ids, targets(dataset), np.arange(len(ids)))


def ids(dataset: Path, part: Part) -> list[str]:
    return list(records(dataset, part)) if part in ("train", "test") else []


def records(dataset: Path, part: str) -> dict[str, Any]:
    points = json.loads((dataset / "points.json").read_text())
    return {id: point for id, point in points.items() if ("label" in point) == (part == "train")}


def targets(dataset: Path) -> np.ndarray:
    return np.array([point["label"] for point in records(dataset, "train").values()], np.int64)
