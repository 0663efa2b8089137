"""Rows of the training records that a fold's model is fitted on, and of those held out for it."""

import numpy as np

from tasks.core.jobs import FoldJob


def training_rows(job: FoldJob) -> np.ndarray:
    """(n,) int64, ascending: the records of all folds but those that the job leaves out."""
    folds = fold_of_records(job)
    return np.flatnonzero((folds != job.fold) & (folds != job.beside))


def held_out_rows(job: FoldJob) -> np.ndarray:
    """(n,) int64, ascending: the records of the job's fold; none if it holds no fold out."""
    return np.flatnonzero(fold_of_records(job) == job.fold)


def fold_of_records(job: FoldJob) -> np.ndarray:
    """(n,) int64: the fold of each training record.

    Raises:
        ValueError: the job reads no training records.
    """
    if job.folds is None:
        raise ValueError("expected a job with folds, received one that reads no training records")
    return np.asarray(np.load(job.folds / "folds.npy"))
