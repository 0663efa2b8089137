"""What the parts of a dataset are compared by, and what the report shows of their sentences."""

from typing import Any

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.extraction.dataset import stream
from tasks.text import comparison


def features(dataset: Dataset, part: Part) -> Any:
    """Hashed character n-grams of the sentences (`tasks.text.comparison.features`)."""
    return comparison.features(record.text for record in stream(dataset, part))


def excerpt(dataset: Dataset, part: Part, rows: list[int]) -> list[Any]:
    """The beginnings of the sentences in these rows."""
    return comparison.excerpt((record.text for record in stream(dataset, part)), rows)
