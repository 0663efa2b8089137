"""Test points at the place of a training point."""

from typing import Any

from tasks.core.dataset import Dataset, note
from tasks.toy import dataset as files


def overlap(dataset: Dataset) -> list[dict[str, Any]]:
    places = {point["at"]: id for id, point in files.records(dataset, "train").items()}
    test = files.records(dataset, "test").items()
    twins = [f"{id} and {places[point['at']]}" for id, point in test if point["at"] in places]
    return [
        note("test_duplicates", "test points at the place of a training point", len(twins), twins[:5])
    ] * bool(twins)
