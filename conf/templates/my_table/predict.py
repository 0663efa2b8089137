"""Scores of held-out or test records by the estimator of one fold."""

from collections.abc import Iterator

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.jobs import PredictJob
from tasks.learning.estimators.prediction import scores
from tasks.learning.folds.rows import held_out_rows
from tasks.my_table import dataset, encode

PARTS: dict[str, Part] = {"held_out": "train", "test": "test"}


def predict(job: PredictJob) -> Iterator[Scores]:
    """Scores (n, 1, k) of the job's part."""
    part = PARTS[job.part]
    ids = dataset.ids(job.dataset, part)
    rows = held_out_rows(job) if job.part == "held_out" else np.arange(len(ids))
    values = scores(job, encode.read(job, part)[rows], len(dataset.classes(job.dataset)))
    yield Scores([ids[row] for row in rows], values)
