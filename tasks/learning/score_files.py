"""Scores on the disk, arrays or candidates; apart from what ensembles them, so that a prediction does not
rest on how predictions are blended.
"""

import json
from pathlib import Path

import numpy as np

from tasks.core.competition import Scores
from tasks.learning import candidates
from tasks.learning.candidates import Candidates


def write(folder: Path, name: str, scores: Scores) -> None:
    """Scores with their ids: `<name>.jsonl` of candidates, or `<name>.npy` and `<name>_ids.json`."""
    if isinstance(scores.values, Candidates):
        candidates.write(folder / f"{name}.jsonl", scores.ids, scores.values)
        return
    np.save(folder / f"{name}.npy", scores.values)
    (folder / f"{name}_ids.json").write_text(json.dumps(scores.ids), "utf-8")


def read(folder: Path, name: str) -> Scores:
    """Scores as `write` wrote them."""
    if (file := folder / f"{name}.jsonl").exists():
        return Scores(*candidates.read(file))
    ids = json.loads((folder / f"{name}_ids.json").read_text("utf-8"))
    return Scores(ids, np.load(folder / f"{name}.npy"))


def holds(folder: Path, name: str) -> bool:
    """Whether scores of this name lie in the folder."""
    return any((folder / f"{name}.{suffix}").exists() for suffix in ("jsonl", "npy"))
