"""The competition's metric: the share of photographs whose breed is named. It ranks by 1 - accuracy."""

from typing import Any

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.dogs.dataset import targets
from tasks.learning.classification.accuracy import Accuracy


def scorer(dataset: Dataset, part: Part = "train", settings: dict[str, Any] | None = None) -> Accuracy:
    """Accuracy of (n, k) scores of the training records, in the dataset's order.

    Raises:
        ValueError: another part, none of which has labels; or any settings.
    """
    if part != "train" or settings:
        raise ValueError(f"expected the training part and no settings, received {part!r}, {settings}")
    return Accuracy(targets(dataset))
