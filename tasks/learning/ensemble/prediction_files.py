"""Files of predicted scores, arrays or candidates.

Apart from `members`, so that the cache key of a prediction does not depend on how predictions are blended.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from tasks.core.competition import Scores
from tasks.learning.ensemble import candidates
from tasks.learning.ensemble.candidates import Candidates


def write(folder: Path, name: str, scores: Scores) -> None:
    """Write scores with their ids: `<name>.jsonl` of candidates, or `<name>.npy` and `<name>_ids.json`."""
    _write(folder, name, iter([scores]))


def write_pieces(folder: Path, name: str, pieces: Iterable[Scores]) -> None:
    """Write scores that come in consecutive pieces as `write` does.

    Candidates are written piece by piece, so that memory holds one piece; arrays after the last piece.

    Raises:
        ValueError: there is no piece; a part without records is one that is empty.
    """
    _write(folder, name, iter(pieces))


def _write(folder: Path, name: str, pieces: Iterator[Scores]) -> None:
    first = next(pieces, None)
    if first is None:
        raise ValueError(f"{name}: expected at least one piece of scores, received none")
    if isinstance(first.values, Candidates):
        candidate_pieces = ((each.ids, each.values) for each in chain([first], pieces))
        candidates.write(folder / f"{name}.jsonl", candidate_pieces)
        return
    arrays = [first, *pieces]
    np.save(folder / f"{name}.npy", np.concatenate([each.values for each in arrays]))
    ids = [id for each in arrays for id in each.ids]
    (folder / f"{name}_ids.json").write_text(json.dumps(ids), "utf-8")


def read(folder: Path, name: str) -> Scores:
    """Read scores that `write` or `write_pieces` has written."""
    if (file := folder / f"{name}.jsonl").exists():
        return Scores(*candidates.read(file))
    ids = json.loads((folder / f"{name}_ids.json").read_text("utf-8"))
    return Scores(ids, np.load(folder / f"{name}.npy"))


def exists(folder: Path, name: str) -> bool:
    """Whether the folder has scores of this name."""
    return any((folder / f"{name}.{suffix}").exists() for suffix in ("jsonl", "npy"))
