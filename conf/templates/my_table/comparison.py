"""Plain features by which test and training records are compared, and what the report shows of a record."""

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.learning.classification import records


def features(dataset: Dataset, part: Part) -> np.ndarray:
    """(n, d) float32: the numbers of each record, missing ones as zero, and the lengths of its texts."""
    found = [record["features"].values() for record in records.read(dataset, part)]
    rows = [[len(value) if isinstance(value, str) else value or 0.0 for value in values] for values in found]
    return np.array(rows, np.float32)


def excerpt(dataset: Dataset, part: Part, rows: list[int]) -> list[str]:
    """The first features of the records in these rows."""
    return records.excerpt((record["features"] for record in records.read(dataset, part)), rows)
