"""Scores on the disk, arrays or candidates; apart from what ensembles them, so that a prediction does not
rest on how predictions are blended.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

import numpy as np

from tasks.core.competition import Scores
from tasks.learning.ensemble import candidates
from tasks.learning.ensemble.candidates import Candidates


def write(folder: Path, name: str, scores: Scores) -> None:
    """Scores with their ids: `<name>.jsonl` of candidates, or `<name>.npy` and `<name>_ids.json`."""
    _write(folder, name, iter([scores]))


def write_pieces(folder: Path, pieces: Iterable[tuple[str, Scores]]) -> None:
    """Named scores as `write` writes them, where those of one name come in pieces, one after the other.

    Candidates are written as they come, so that a piece is all that memory holds; arrays at their end.

    Raises:
        ValueError: a name comes back after another.
    """
    for name, own in groupby(pieces, key=lambda piece: piece[0]):
        if holds(folder, name):
            raise ValueError(f"expected the pieces of {name!r} one after the other")
        _write(folder, name, (scores for _, scores in own))


def _write(folder: Path, name: str, pieces: Iterator[Scores]) -> None:
    first = next(pieces)
    if isinstance(first.values, Candidates):
        every = ((each.ids, each.values) for each in chain([first], pieces))
        candidates.write_pieces(folder / f"{name}.jsonl", every)
        return
    gathered = [first, *pieces]
    np.save(folder / f"{name}.npy", np.concatenate([each.values for each in gathered]))
    ids = [id for each in gathered for id in each.ids]
    (folder / f"{name}_ids.json").write_text(json.dumps(ids), "utf-8")


def read(folder: Path, name: str) -> Scores:
    """Scores as `write` wrote them."""
    if (file := folder / f"{name}.jsonl").exists():
        return Scores(*candidates.read(file))
    ids = json.loads((folder / f"{name}_ids.json").read_text("utf-8"))
    return Scores(ids, np.load(folder / f"{name}.npy"))


def holds(folder: Path, name: str) -> bool:
    """Whether scores of this name lie in the folder."""
    return any((folder / f"{name}.{suffix}").exists() for suffix in ("jsonl", "npy"))
