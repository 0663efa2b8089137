"""Test photographs that are in the training part too."""

from typing import Any, NamedTuple

import numpy as np

from tasks.core.dataset import Dataset
from tasks.dogs import dataset as files
from tasks.dogs.notes import note_of
from tasks.dogs.photographs import duplicates
from tasks.text.dataset_files import read, read_lines


class _Hashed(NamedTuple):
    """The photographs of a part that have a perceptual hash."""

    names: list[str]
    values: np.ndarray
    """(n,) uint64"""


def overlap(dataset: Dataset) -> list[dict[str, Any]]:
    """Notes on test photographs with the id of a training photograph, and on those nearly the same as one."""
    return [*_same_ids(dataset), *_near_duplicates(dataset)]


def _same_ids(dataset: Dataset) -> list[dict[str, Any]]:
    trained, tested = set(files.ids(dataset, "train")), files.ids(dataset, "test")
    names = [each["name"] for each in read_lines(dataset / "test_files.jsonl")]
    both = [name for id, name in zip(tested, names, strict=True) if id in trained]
    return note_of("both", "test photographs with the id of a training photograph", both)


def _near_duplicates(dataset: Dataset) -> list[dict[str, Any]]:
    test, train = _hashed(dataset, "test"), _hashed(dataset, "train")
    distance = read(dataset / "train_duplicates.json")["distance"]
    pairs: dict[str, str] = {}
    for i, j in duplicates.near(test.values, train.values, distance=distance):
        for a, b in zip(i.tolist(), j.tolist(), strict=True):
            pairs.setdefault(test.names[a], train.names[b])
    examples = [f"{name} and {twin}" for name, twin in pairs.items()]
    return note_of("test_duplicates", "test photographs nearly the same as a training photograph", examples)


def _hashed(dataset: Dataset, part: str) -> _Hashed:
    found = [each for each in read_lines(dataset / f"{part}_files.jsonl") if each["hash"] is not None]
    return _Hashed([each["name"] for each in found], np.array([each["hash"] for each in found], np.uint64))
