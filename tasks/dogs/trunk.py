"""A recipe's pretrained networks: features of the frozen part, and the trainable part."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import Job
from tasks.dogs.config import Backbone, Trunk
from tasks.learning.loading.loader import Source, made_ahead
from tasks.learning.pretrained import backbones
from tasks.learning.training.keras_setup import configure, on_card

BATCH = 32
"""Rows a forward pass; fixed, since sums within a pass may depend on its size."""


def write_features(trunk: Trunk, views: Source, count: int, file: Path, *, job: Job) -> None:
    """Write the frozen features of views of all records, those of several backbones joined.

    The array is (count, …): (count, d) float32 of pooled features, else float16 feature maps. Memory holds
    those of a few batches.

    Args:
        views: (start, stop, size) → views of these records, uint8 (stop - start, size, size, 3).
    """
    configure(job.seed)
    if len(trunk.backbones) == 1:
        _write(file, _features(trunk, trunk.backbones[0], views, count, job=job), count)
        return
    with TemporaryDirectory(dir=file.parent) as place:
        parts = [Path(place) / f"{number}.npy" for number in range(len(trunk.backbones))]
        for part, backbone in zip(parts, trunk.backbones, strict=True):
            _write(part, _features(trunk, backbone, views, count, job=job), count)
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


def _features(
    trunk: Trunk, backbone: Backbone, views: Source, count: int, *, job: Job
) -> Iterator[np.ndarray]:
    frozen = frozen_part(trunk, backbone)
    progress = Progress("photographs", count)
    places = [(at, min(at + BATCH, count), backbone.size_pixels) for at in range(0, count, BATCH)]
    make, workers = views.function(views.job), job.data_workers
    with closing(made_ahead(make, places, source=views, workers=workers, processes=on_card())) as batches:
        for (start, stop, _), batch in zip(places, batches, strict=True):
            if len(batch) < BATCH:  # filled up, so that the last sums are the same too
                batch = np.concatenate([batch, batch[-1:].repeat(BATCH - len(batch), axis=0)])
            outputs = np.asarray(frozen.predict_on_batch(batch))[: stop - start]
            yield outputs.astype(np.float16 if outputs.ndim > 2 else np.float32)
            progress.at(stop)


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
