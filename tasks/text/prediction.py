"""Predict the records of a job's parts in pieces, so that memory does not grow with their number."""

from collections.abc import Callable, Iterator
from itertools import compress, islice
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import PredictJob
from tasks.learning.ensemble.candidates import Candidates
from tasks.text import dataset_files


def predictions(
    job: PredictJob,
    read: Callable[[Path, Part], Iterator[Any]],
    *,
    decoder: Callable[[Part], Callable[[list[Any]], Candidates]],
    piece: int,
    unit: str,
) -> Iterator[tuple[str, Scores]]:
    """Yield (part, candidates of a piece of its records), part by part; an empty part is one empty piece.

    Args:
        read: gives the records of a part of the dataset, in its order; each has an `id`.
        decoder: gives the function from records of such a part to their candidates.
        piece: most records in memory at a time.
        unit: name of the records in the progress.
    """
    progress, done = Progress(unit, sum(_count(job, part) for part in job.parts)), 0
    for part in job.parts:
        decode, records = decoder(_source(part)), read(job.dataset, _source(part))
        if part == "held_out":
            records = compress(records, _is_held_out(job))
        for chunk in _pieces(records, piece):
            candidates = decode(chunk)
            progress.at(done := done + len(chunk))
            yield part, Scores([record.id for record in chunk], candidates)


def _source(part: str) -> Part:
    """The part of the dataset that holds the records of a predicted part."""
    return "train" if part == "held_out" else "validation" if part == "validation" else "test"


def _count(job: PredictJob, part: str) -> int:
    if part == "held_out":
        return int(_is_held_out(job).sum())
    return dataset_files.count(job.dataset, _source(part))


def _is_held_out(job: PredictJob) -> Any:
    """(n,) bool, whether a training record is in the job's fold."""
    return np.load(job.folds / "folds.npy") == job.fold


def _pieces(records: Iterator[Any], size: int) -> Iterator[list[Any]]:
    yield list(islice(records, size))
    while chunk := list(islice(records, size)):
        yield chunk
