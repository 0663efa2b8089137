"""Notes on test records that are also training records.

To fill in: other overlaps that make out-of-fold scores too optimistic, such as records of one person.
"""

import json
from typing import Any

from tasks.core.dataset import Dataset
from tasks.learning.classification import records

FIELD = "text"
"""What is compared."""


def overlap(dataset: Dataset) -> list[dict[str, Any]]:
    """Notes on records with the same contents."""
    parts = [
        [json.dumps(record[FIELD]).encode() for record in records.read(dataset, part)]
        for part in ("train", "test")
    ]
    return records.same_inputs(*parts, dataset)
