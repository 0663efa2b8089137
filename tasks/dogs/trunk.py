"""A recipe's pretrained networks: features of the frozen part, and the trainable part."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import Job
from tasks.dogs.config import Backbone, Trunk
from tasks.learning.pretrained import backbones
from tasks.learning.training.batches import prefetch
from tasks.learning.training.keras_setup import configure

BATCH = 32
"""Rows a forward pass; fixed, since sums within a pass may depend on its size."""

View = Callable[[int, int], np.ndarray]
"""(record, size in pixels) → uint8 (size, size, 3)."""


def write_features(trunk: Trunk, view: View, count: int, file: Path, *, job: Job) -> None:
    """Write the frozen features of `view(index, size)` of all records, those of several backbones joined.

    The array is (count, …): (count, d) float32 of pooled features, else float16 feature maps. Memory holds
    those of a few batches.
    """
    configure(job.seed)
    if len(trunk.backbones) == 1:
        _write(file, _features(trunk, trunk.backbones[0], view, count, job=job), count)
        return
    with TemporaryDirectory(dir=file.parent) as place:
        parts = [Path(place) / f"{number}.npy" for number in range(len(trunk.backbones))]
        for part, backbone in zip(parts, trunk.backbones, strict=True):
            _write(part, _features(trunk, backbone, view, count, job=job), count)
        arrays = [np.load(part, mmap_mode="r") for part in parts]
        starts = range(0, count, BATCH)
        rows = (np.concatenate([each[at : at + BATCH] for each in arrays], axis=-1) for at in starts)
        _write(file, rows, count)


def _write(file: Path, pieces: Iterable[np.ndarray], count: int) -> None:
    """Write consecutive rows, `count` in all, the same bytes as `numpy.save` writes of all at once."""
    with file.open("wb") as stream:
        for piece in pieces:
            if not stream.tell():
                header = np.lib.format.header_data_from_array_1_0(piece)
                np.lib.format.write_array_header_1_0(stream, header | {"shape": (count, *piece.shape[1:])})
            stream.write(piece.tobytes())


def _features(trunk: Trunk, backbone: Backbone, view: View, count: int, *, job: Job) -> Iterator[np.ndarray]:
    frozen = frozen_part(trunk, backbone)
    progress = Progress("photographs", count)

    def make(start: int) -> np.ndarray:
        rows = [view(index, backbone.size_pixels) for index in range(start, min(start + BATCH, count))]
        rows += [rows[-1]] * (BATCH - len(rows))  # a full batch, so that the last sums are the same too
        return np.stack(rows).astype(np.float32)

    starts = range(0, count, BATCH)
    with closing(prefetch(make, starts, workers=job.data_workers, depth=4)) as batches:
        for start, batch in zip(starts, batches, strict=True):
            outputs = np.asarray(frozen.predict_on_batch(batch))[: count - start]
            yield outputs.astype(np.float16 if outputs.ndim > 2 else np.float32)
            progress.at(start + len(outputs))


def network(backbone: Backbone) -> Any:
    """The whole network: from (b, size, size, 3) float32 in 0 … 255 to (b, d) features."""
    return backbones.load(**backbone.model_dump())


def frozen_part(trunk: Trunk, backbone: Backbone) -> Any:
    """The network up to the cut: from photographs to features or feature maps."""
    whole = network(backbone)
    return whole if trunk.cut == "pool" else backbones.cut(whole, trunk.cut)[0]


def trainable_part(trunk: Trunk) -> Any:
    """The network after the cut, or all of it where nothing is frozen: from the model's input to features."""
    whole = network(trunk.backbones[0])
    return backbones.cut(whole, trunk.cut)[1] if trunk.cut else whole
