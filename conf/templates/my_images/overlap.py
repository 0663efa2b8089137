"""Notes on test images that are also training images.

To fill in: other overlaps that make out-of-fold scores too optimistic, such as images of one scene.
"""

from typing import Any

from tasks.core.dataset import Dataset
from tasks.learning.classification import records


def overlap(dataset: Dataset) -> list[dict[str, Any]]:
    """Notes on images with the same pixels."""
    parts = [records.rows_as_bytes(records.inputs(dataset, part)) for part in ("train", "test")]
    return records.same_inputs(*parts, dataset)
