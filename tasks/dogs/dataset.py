"""Read the dataset that `tasks.dogs.data` writes, without its code, on which no training must rest."""

import json
from typing import Any

import numpy as np

from tasks.core.competition import FoldKey
from tasks.core.dataset import Dataset
from tasks.core.files.json_lines import read_json_lines


def train_records(dataset: Dataset) -> list[dict[str, Any]]:
    """The training records `{"id", "label", "group"}`, sorted by id."""
    return read_json_lines(dataset / "train.jsonl")


def ids(dataset: Dataset, part: str) -> list[str]:
    """The ids of a part's photographs, sorted; there is no validation part."""
    file = dataset / f"{part}.jsonl"
    return [record["id"] for record in read_json_lines(file)] if file.exists() else []


def classes(dataset: Dataset) -> list[int]:
    """The competition's labels, sorted; a class index is a position in this list."""
    return json.loads((dataset / "classes.json").read_text("utf-8"))


def photos(dataset: Dataset, part: str) -> np.ndarray:
    """Read-only memory-mapped photographs (n, size, size, 3) uint8 RGB, in the order of ids."""
    return np.load(dataset / f"{part}_photos.npy", mmap_mode="r")


def targets(dataset: Dataset) -> np.ndarray:
    """Class indices (n,) int64 of the training records."""
    index = {label: position for position, label in enumerate(classes(dataset))}
    return np.array([index[record["label"]] for record in train_records(dataset)], np.int64)


def fold_key(dataset: Dataset) -> FoldKey:
    """Folds stratified by breed, with near-duplicates kept together."""
    records = train_records(dataset)
    groups = np.array([record["group"] for record in records], np.int64)
    return FoldKey([record["id"] for record in records], targets(dataset), groups)
