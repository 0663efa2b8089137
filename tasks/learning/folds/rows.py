"""Rows of the training records that a fold's model is fitted on, and of those held out for it."""

import numpy as np

from tasks.core.jobs import FoldJob


def training_rows(job: FoldJob) -> np.ndarray:
    """(n,) int64, ascending: the records of all folds but those that the job leaves out."""
    folds = np.load(job.folds / "folds.npy")
    return np.flatnonzero((folds != job.fold) & (folds != job.beside))


def held_out_rows(job: FoldJob) -> np.ndarray:
    """(n,) int64, ascending: the records of the job's fold; none if it holds no fold out."""
    return np.flatnonzero(np.load(job.folds / "folds.npy") == job.fold)
