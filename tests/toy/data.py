"""`points.json` maps ids to a place and a label, 0 or 1; test points have none."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import FoldKey
from tasks.core.errors import InvalidData, Problem
from tasks.toy.config import Data


def load(data: Data, folder: Path) -> None:
    points = json.loads(Path(data.root, "points.json").read_text())
    for id, point in points.items():
        if not isinstance(point.get("at"), int | float):
            raise InvalidData([Problem("points.json", None, f"a number for {id}", repr(point.get("at")))])
    (folder / "points.json").write_text(json.dumps(points, sort_keys=True))


def fold_key(dataset: Path) -> FoldKey:
    ids = list(records(dataset, "train"))
    return FoldKey(ids, targets(dataset), np.arange(len(ids)))


def test_ids(dataset: Path) -> list[str]:
    return list(records(dataset, "test"))


def records(dataset: Path, part: str) -> dict[str, Any]:
    points = json.loads((dataset / "points.json").read_text())
    return {id: point for id, point in points.items() if ("label" in point) == (part == "train")}


def targets(dataset: Path) -> np.ndarray:
    return np.array([point["label"] for point in records(dataset, "train").values()], np.int64)
