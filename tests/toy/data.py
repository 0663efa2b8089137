"""`points.json` maps ids to a place and a label, 0 or 1; test points have none."""

import json
from pathlib import Path

from tasks.core.errors import InvalidData, Problem
from tasks.toy.config import Data


def load(data: Data, folder: Path) -> None:
    points = json.loads(Path(data.root, "points.json").read_text())
    for id, point in points.items():
        if not isinstance(point.get("at"), int | float):
            raise InvalidData([Problem("points.json", None, f"a number for {id}", repr(point.get("at")))])
    (folder / "points.json").write_text(json.dumps(points, sort_keys=True))
