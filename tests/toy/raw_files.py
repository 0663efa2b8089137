"""Small raw files of the toy, made for tests."""

import json
from pathlib import Path


def write(root: Path, count: int = 12) -> Path:
    """Points on both sides of zero; the last two are to be answered."""
    points = {f"p{index:02}": {"at": (index - count / 2 + 0.5) / count} for index in range(count)}
    test = list(points)[:: count - 1]
    labelled = {id: {**point, "label": int(point["at"] > 0)} for id, point in points.items()}
    root.mkdir(parents=True)
    given = {id: points[id] if id in test else labelled[id] for id in points}
    (root / "points.json").write_text(json.dumps(given))
    return root
