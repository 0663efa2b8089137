"""Predict the records of a job's part in pieces, so that memory does not grow with their number."""

from collections.abc import Callable, Iterator
from itertools import compress, islice
from typing import Any

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.dataset import Dataset
from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import PredictJob
from tasks.learning.ensemble.candidates import Candidates
from tasks.text import dataset_files


def predictions(
    job: PredictJob,
    read: Callable[[Dataset, Part], Iterator[Any]],
    *,
    decoder: Callable[[Part], Callable[[list[Any]], Candidates]],
    piece: int,
    unit: str,
) -> Iterator[Scores]:
    """Yield candidates of the records of the job's part, piece by piece; an empty part is one empty piece.

    Args:
        read: gives the records of a part of the dataset, in its order; each has an `id`.
        decoder: gives the function from records of such a part to their candidates.
        piece: most records in memory at a time.
        unit: name of the records in the progress.
    """
    source = _source(job.part)
    decode, records = decoder(source), read(job.dataset, source)
    if job.part == "held_out":
        is_held_out = _is_held_out(job)
        total, records = int(is_held_out.sum()), compress(records, is_held_out)
    else:
        total = dataset_files.count(job.dataset, source)
    progress, done = Progress(unit, total), 0
    for chunk in _pieces(records, piece):
        candidates = decode(chunk)
        progress.at(done := done + len(chunk))
        yield Scores([record.id for record in chunk], candidates)


def _source(part: str) -> Part:
    """The part of the dataset that holds the records of a predicted part."""
    return "train" if part == "held_out" else "validation" if part == "validation" else "test"


def _is_held_out(job: PredictJob) -> Any:
    """(n,) bool, whether a training record is in the job's fold."""
    if job.folds is None:
        raise ValueError("expected the folds of the training records, received none")
    return np.load(job.folds / "folds.npy") == job.fold


def _pieces(records: Iterator[Any], size: int) -> Iterator[list[Any]]:
    yield list(islice(records, size))
    while chunk := list(islice(records, size)):
        yield chunk
