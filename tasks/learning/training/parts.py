"""Batches in parts: what does not fit into memory at once, with the update that the whole batch would make.

The mean gradient of the parts makes one update (`gradient_accumulation_steps` of Keras), and learning rate,
averages and steps count whole batches. Differences are those of rounding, with two exceptions: dropout draws
other units, and batch normalisation that learns takes the statistics of each part.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from tasks.core.cache.store import write_atomically
from tasks.core.files.stored_files import FileKind
from tasks.learning.training.checkpoints import checkpoint_files

FILE = "parts.json"
"""Name of the file beside the checkpoints with the number of parts."""
MOST_PARTS = 64
_KIND = FileKind(Annotated[int, Field(strict=True, ge=1, le=MOST_PARTS)], most_bytes=100)


def remembered(partial: Path) -> int:
    """Parts of each batch that earlier attempts of this training found to fit; 1: whole batches."""
    return _KIND.read_or_none(partial / FILE, then="whole batches are tried again") or 1


def remember(partial: Path, parts: int) -> None:
    """Let the next attempt compute batches in so many parts, from the beginning.

    Checkpoints are deleted: so a result depends on the number of parts, and not on when it was found.
    """
    write_atomically(partial / FILE, json.dumps(parts).encode())
    for file in checkpoint_files(partial):
        file.unlink()


def split(
    inputs: Any, targets: Any, weights: np.ndarray | None, parts: int
) -> list[tuple[Any, Any, np.ndarray | None]]:
    """Divide a batch into parts of one size, whose mean loss is that of the batch.

    Records of weight 0 fill up the last part. Weights of the others make up for them, since Keras divides
    the sum of weighted losses by the number of records.

    Args:
        inputs: arrays (b, …), in dicts, lists and tuples.
        targets: likewise.
        weights: (b,) float32, or None for equal weights.

    Returns:
        Inputs, targets and weights of each part; with several parts they always have weights.

    Raises:
        ValueError: the arrays differ in their number of records.
    """
    if parts == 1:
        return [(inputs, targets, weights)]
    counts = {len(array) for array in (*_arrays(inputs), *_arrays(targets))}
    if len(counts) != 1:
        raise ValueError(f"expected arrays with a row for each record, received {sorted(counts)} rows")
    (count,) = counts
    size = -(-count // parts)
    rows = np.minimum(np.arange(size * parts), count - 1)
    scale = np.where(np.arange(size * parts) < count, size * parts / count, 0.0).astype(np.float32)
    given = np.ones(count, np.float32) if weights is None else weights
    pieces = [slice(at, at + size) for at in range(0, size * parts, size)]
    return [
        (_taken(inputs, rows[piece]), _taken(targets, rows[piece]), given[rows[piece]] * scale[piece])
        for piece in pieces
    ]


def _arrays(nest: Any) -> list[np.ndarray]:
    if isinstance(nest, dict):
        return [array for item in nest.values() for array in _arrays(item)]
    if isinstance(nest, list | tuple):
        return [array for item in nest for array in _arrays(item)]
    return [nest]


def _taken(nest: Any, rows: np.ndarray) -> Any:
    if isinstance(nest, dict):
        return {name: _taken(item, rows) for name, item in nest.items()}
    if isinstance(nest, list | tuple):
        return type(nest)(_taken(item, rows) for item in nest)
    return nest[rows]
