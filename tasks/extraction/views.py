"""Augmented views of training sentences."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.extraction import dataset
from tasks.extraction.config import Augmentation
from tasks.extraction.encode import segmented
from tasks.extraction.labelling.augmentation import NamePool, crop, swap
from tasks.extraction.records import Record, Triple
from tasks.learning.seeds import generator
from tasks.text import dataset_files


def augment(job: AugmentJob) -> None:
    """Write one view of each training sentence.

    Names that enter a sentence come from sentences of the same fold. So no view that a model is fitted on
    contains anything of the sentences held out for it, and the models of all folds share the views.
    """
    settings = Augmentation.model_validate(job.settings["augmentation"])
    records = dataset.records(job.dataset, "train")
    folds = np.load(job.folds / "folds.npy")
    pools = {
        int(fold): NamePool.of([records[row] for row in np.flatnonzero(folds == fold)])
        for fold in np.unique(folds)
    }

    def rows() -> Iterator[list[Any]]:
        for place, record in enumerate(records):
            random = generator(job.seed, "view", job.view, place)
            text, triples = _view(record, pools[int(folds[place])], settings, random)
            yield [record.id, text, segmented(text), triples]

    dataset_files.write_lines(job.output / dataset.VIEW_FILE, rows())


def _view(
    record: Record, pool: NamePool, settings: Augmentation, random: np.random.Generator
) -> tuple[str, list[Triple]]:
    text, triples = record.text, list(record.triples)
    if random.random() < settings.crop:
        text, triples = crop(text, triples, random)
    if settings.swap != "none":
        text, triples = swap(text, triples, pool, random, role=settings.swap)
    return text, triples
