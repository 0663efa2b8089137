"""Records of a training of texts: those held out for figures, and views in place of records."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.learning.folds.rows import held_out_rows

HELD_OUT = 256
"""Held-out records predicted after each epoch: this many to twice as many, or all if there are fewer."""

Record = TypeVar("Record")


def some_held_out_rows(job: TrainJob) -> np.ndarray:
    """(n,) int64, ascending: some rows of the fold held out, spread evenly."""
    rows = held_out_rows(job)
    return rows[:: max(1, len(rows) // HELD_OUT)]


def record_or_view(
    records: Sequence[Record],
    views: Sequence[Sequence[Record]],
    row: int,
    random: np.random.Generator,
    *,
    share: float,
) -> Record:
    """A record, or with probability `share` the same row of one of the views, if there are any.

    >>> record_or_view(["a"], [["b"]], 0, np.random.default_rng(0), share=1.0)
    'b'
    """
    if random.random() >= (share if views else 0.0):
        return records[row]
    return views[int(random.integers(len(views)))][row]
