"""Augmented views of training sentences."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.extraction import dataset
from tasks.extraction.config import Augmentation
from tasks.extraction.dataset import FILE
from tasks.extraction.encode import segmented
from tasks.extraction.labelling.augmentation import Pool, crop, swap
from tasks.extraction.records import Record
from tasks.learning.seeds import generator
from tasks.text import dataset_files


def augment(job: AugmentJob) -> None:
    """Write one view of each training sentence.

    Entities that enter a sentence come from sentences of the same fold: no view that a fold's model learns
    from holds anything of the sentences held out for it, and all folds share the views.
    """
    settings = Augmentation.model_validate(job.settings["augmentation"])
    records = dataset.records(job.dataset, "train")
    folds = np.load(job.folds / "folds.npy")
    pools = {
        int(fold): Pool.of([records[row] for row in np.flatnonzero(folds == fold)])
        for fold in np.unique(folds)
    }

    def rows() -> Iterator[list[Any]]:
        for place, record in enumerate(records):
            drawn = generator(job.seed, "view", job.view, place)
            text, triples = _view(record, pools[int(folds[place])], settings, drawn)
            yield [record.id, text, segmented(text), triples]

    dataset_files.write_lines(job.output / FILE, rows())


def _view(
    record: Record, pool: Pool, settings: Augmentation, drawn: np.random.Generator
) -> tuple[str, list[tuple[str, str, str]]]:
    text, triples = record.text, list(record.triples)
    if drawn.random() < settings.crop:
        text, triples = crop(text, triples, drawn)
    if settings.swap != "none":
        text, triples = swap(text, triples, pool, drawn, role=settings.swap)
    return text, triples
