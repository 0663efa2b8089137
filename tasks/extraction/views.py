"""Augmented views of training sentences."""

import json
from pathlib import Path

import numpy as np

from tasks.core.competition import Job
from tasks.extraction import dataset
from tasks.extraction.augment import Pool, crop, swap
from tasks.extraction.config import Augmentation
from tasks.extraction.records import Record
from tasks.learning.seeds import generator

FILE = "records.jsonl"


def augment(job: Job) -> None:
    """Write one view of each training sentence.

    Entities that enter a sentence come from sentences of the same fold: no view that a fold's model learns
    from holds anything of the sentences held out for it, and all folds share the views.
    """
    settings = Augmentation.model_validate(job.settings["augmentation"])
    records = dataset.records(job.dataset, "train")
    folds = np.load(job.folds / "folds.npy") if job.folds else np.zeros(len(records), np.int64)
    pools = {
        int(fold): Pool.of([records[row] for row in np.flatnonzero(folds == fold)])
        for fold in np.unique(folds)
    }
    with (job.output / FILE).open("w", encoding="utf-8", newline="\n") as lines:
        for row, record in enumerate(records):
            drawn = generator(job.seed, "view", int(job.view), row)
            text, triples = _view(record, pools[int(folds[row])], settings, drawn)
            lines.write(json.dumps([record.id, text, triples], ensure_ascii=False) + "\n")


def _view(
    record: Record, pool: Pool, settings: Augmentation, drawn: np.random.Generator
) -> tuple[str, list[tuple[str, str, str]]]:
    text, triples = record.text, list(record.triples)
    if drawn.random() < settings.crop:
        text, triples = crop(text, triples, drawn)
    if settings.swap != "none":
        text, triples = swap(text, triples, pool, drawn, role=settings.swap)
    return text, triples


def read_views(folder: Path) -> list[Record]:
    """The sentences of one view, in the order of the training records; their words are not known."""
    with (folder / FILE).open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return [Record(id, text, None, tuple((s, p, o) for s, p, o in triples)) for id, text, triples in entries]
