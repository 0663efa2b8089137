"""Read what `data.load` has written. Trainings import this module, so it must import no reader of raw files.

To fill in: `fold_key` keeps the records of a group in one fold; give records of one patient, photographer or
author the same number where the test records are of others.
"""

import numpy as np

from tasks.core.competition import FoldKey, Part
from tasks.core.dataset import Dataset
from tasks.learning.classification import records

CLASSES = records.CLASSES


def fold_key(dataset: Dataset) -> FoldKey:
    """Ids, classes and groups of the training records, by which they are divided into folds."""
    return records.fold_key(dataset)


def ids(dataset: Dataset, part: Part) -> list[str]:
    """Ids of a part's records, in the order of their scores."""
    return records.ids(dataset, part)


def classes(dataset: Dataset) -> list[str]:
    """The labels, sorted; a class is a place in this list."""
    return records.classes(dataset)


def targets(dataset: Dataset) -> np.ndarray:
    """(n,) int64 classes of the training records."""
    return records.targets(dataset)
