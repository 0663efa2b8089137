"""The dataset of a classification: records with ids, labels as text, and what models read of them.

Each part has `<part>.jsonl`, in the order of its ids: `id`, of labelled records `label` too, and further
fields of the competition. The training part has `classes.json`, the distinct labels, sorted; an index of a
class is a place in this list. Arrays with a row for each record, such as `<part>_inputs.npy`, lie beside
them.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import FoldKey, Part
from tasks.core.dataset import Dataset, note, notes_file
from tasks.core.files.json_lines import read_json_lines

CLASSES = "classes.json"
"""File that the other parts are read with (`Competition.common_files`)."""
EXAMPLES = 5


def write(
    folder: Path, part: Part, records: Sequence[Mapping[str, Any]], *, notes: Iterable[dict[str, Any]] = ()
) -> None:
    """Write the records of a part, each with its `id` and, if it is known, its `label`, a text."""
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (folder / f"{part}.jsonl").write_text("".join(lines), "utf-8")
    counts: dict[str, int] = {part: len(records)}
    if part == "train":
        names = sorted({record["label"] for record in records})
        (folder / CLASSES).write_text(json.dumps(names, ensure_ascii=False), "utf-8")
        counts["classes"] = len(names)
    summary = json.dumps({"counts": counts, "notes": list(notes)}, ensure_ascii=False)
    (folder / notes_file(part)).write_text(summary, "utf-8")


def read(dataset: Dataset, part: str) -> list[dict[str, Any]]:
    """The records of a part; none of a part that there is not."""
    file = dataset / f"{part}.jsonl"
    return read_json_lines(file) if file.exists() else []


def ids(dataset: Dataset, part: str) -> list[str]:
    """Ids of a part's records, in the order of their scores."""
    return [record["id"] for record in read(dataset, part)]


def classes(dataset: Dataset) -> list[str]:
    """The distinct labels of the training part, sorted."""
    names: list[str] = json.loads((dataset / CLASSES).read_text("utf-8"))
    return names


def targets(dataset: Dataset, part: str = "train") -> np.ndarray:
    """(n,) int64 indices of the classes of a part's records.

    Raises:
        ValueError: the part has no records, or they have no labels.
    """
    index = {label: place for place, label in enumerate(classes(dataset))}
    found = [index[record["label"]] for record in read(dataset, part) if "label" in record]
    if not found:
        raise ValueError(f"expected a part with labels, received {part!r}")
    return np.array(found, np.int64)


def inputs(dataset: Dataset, part: str) -> np.ndarray:
    """Read-only memory-mapped `<part>_inputs.npy`, a row for each record."""
    return np.load(dataset / f"{part}_inputs.npy", mmap_mode="r")


def fold_key(dataset: Dataset) -> FoldKey:
    """Folds stratified by class, each record a group of its own."""
    names = ids(dataset, "train")
    return FoldKey(names, targets(dataset), np.arange(len(names)))


def same_inputs(train: Iterable[bytes], test: Iterable[bytes], dataset: Dataset) -> list[dict[str, Any]]:
    """A note on the test records whose inputs are those of a training record, if there are any.

    Args:
        train: the inputs of each training record as bytes.
        test: those of the test records.
    """
    first = dict(zip(map(_digest, train), ids(dataset, "train"), strict=True))
    found = zip(ids(dataset, "test"), map(_digest, test), strict=True)
    twins = [f"{id} and {first[digest]}" for id, digest in found if digest in first]
    text = "test records that are also training records"
    return [note("test_duplicates", text, len(twins), twins[:EXAMPLES])] if twins else []


def rows_as_bytes(array: np.ndarray) -> Iterable[bytes]:
    """The bytes of each row."""
    return (np.ascontiguousarray(row).tobytes() for row in array)


def excerpt(records: Iterable[Mapping[str, Any]], rows: Sequence[int], *, fields: int = 8) -> list[str]:
    """The first fields of the records in these rows, labels left out, as text."""
    listed = list(records)
    shown = [{name: value for name, value in listed[row].items() if name != "label"} for row in rows]
    return [", ".join(f"{name} {value}" for name, value in islice(each.items(), fields)) for each in shown]


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
