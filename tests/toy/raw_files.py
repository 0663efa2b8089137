"""Small raw files of the toy, made for tests."""

import json
from pathlib import Path


def write(root: Path, count: int = 12) -> Path:
    """Points on both sides of zero; the last two are to be answered."""
    points = {f"p{index:02}": {"at": (index - count / 2 + 0.5) / count} for index in range(count)}
    test = list(points)[:: count - 1]
    labelled = {id: {**point, "label": int(point["at"] > 0)} for id, point in points.items()}
    root.mkdir(parents=True)
    train = {id: point for id, point in labelled.items() if id not in test}
    (root / "train.json").write_text(json.dumps(train))
    (root / "test.json").write_text(json.dumps({id: points[id] for id in test}))
    return root
