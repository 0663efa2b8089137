"""Plain features by which test and training texts are compared, and what the report shows of a text."""

from typing import Any

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.learning.classification import records
from tasks.text import comparison


def features(dataset: Dataset, part: Part) -> Any:
    """A sparse row of hashed n-grams of characters for each record."""
    return comparison.features(record["text"] for record in records.read(dataset, part))


def excerpt(dataset: Dataset, part: Part, rows: list[int]) -> list[str]:
    """The beginnings of the texts in these rows."""
    return comparison.excerpt((record["text"] for record in records.read(dataset, part)), rows)
