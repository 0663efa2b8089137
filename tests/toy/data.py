"""`train.json` maps ids to a place and a label, 0 or 1; `test.json` has places alone."""

import json
from pathlib import Path

from tasks.core.competition import Part
from tasks.core.dataset import notes_file
from tasks.core.errors import InvalidData, Problem
from tasks.toy.config import Data


def load(data: Data, part: Part, folder: Path) -> None:
    file = Path(data.root, f"{part}.json")
    if not file.is_file():
        raise InvalidData([Problem(file, None, "points", "nothing of this name")])
    points = json.loads(file.read_text())
    problems = [
        Problem(f"{part}.json", None, f"a number for {id}", repr(point.get("at")))
        for id, point in points.items()
        if not isinstance(point.get("at"), int | float)
    ]
    if problems:
        raise InvalidData(problems)
    (folder / f"{part}_points.json").write_text(json.dumps(points, sort_keys=True))
    (folder / notes_file(part)).write_text(json.dumps({"counts": {part: len(points)}, "notes": []}))
    if part == "train":
        (folder / "sides.json").write_text(json.dumps(["left", "right"]))
