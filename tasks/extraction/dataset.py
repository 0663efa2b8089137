"""Read the dataset that `tasks.extraction.data` writes; a module of its own, so that the keys of trainings do
not rest on the code that checks raw files.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.core.competition import FoldKey, Part
from tasks.core.dataset import Dataset
from tasks.extraction.records import Record
from tasks.learning.folds.strata import first_of_same, strata
from tasks.text import dataset_files
from tasks.text.normalisation import text_key

COMMON = ("characters.json", "schema.json", "alias.json", "location.json")
"""Files of the training part that sentences of the other parts are read and scored with."""
VIEW_FILE = "records.jsonl"
"""Augmented sentences in the folder of a view."""


def records(dataset: Dataset, part: Part) -> list[Record]:
    """The sentences of a part in the order of the raw files; those of the test have no triples."""
    return list(stream(dataset, part))


def stream(dataset: Dataset, part: Part) -> Iterator[Record]:
    """The same one by one, so that any number of them takes the same memory."""
    return map(_record, dataset_files.records(dataset, part))


def ids(dataset: Dataset, part: Part) -> list[str]:
    """The ids of a part, in the order of its records."""
    return dataset_files.ids(dataset, part)


def schema(dataset: Dataset) -> list[dict[str, str]]:
    """Rows `{"subject_type", "predicate", "object_type"}` in the order of the file."""
    rows: list[dict[str, str]] = dataset_files.read(dataset / "schema.json")
    return rows


def predicates(dataset: Dataset) -> list[str]:
    """Distinct predicates in order of first appearance; a predicate index is a position in this list."""
    return list(dict.fromkeys(row["predicate"] for row in schema(dataset)))


def dictionaries(dataset: Dataset) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The scorer's aliases and locations, lower-cased: key -> its other names."""
    return dataset_files.read(dataset / "alias.json"), dataset_files.read(dataset / "location.json")


def unlabelled(dataset: Dataset) -> dict[str, list[str]]:
    """Predicates that are unknown in the sentences of a training file, by its stem.

    What `tasks.extraction.labelling.coverage` finds: the file never labels them, though its sentences state
    them.
    """
    found: dict[str, list[str]] = dataset_files.read(dataset / "unlabelled.json")
    return found


def fold_key(dataset: Dataset) -> FoldKey:
    """Each fold takes its share of every predicate, and sentences with one text stay together."""
    names, stated, keys = [], [], []
    for record in stream(dataset, "train"):
        names.append(record.id)
        stated.append({predicate for _, predicate, _ in record.triples})
        keys.append(text_key(record.text))
    return FoldKey(names, strata(stated), first_of_same(keys))


def read_views(folder: Path) -> list[Record]:
    """The sentences of one view, in the order of the training records; their words are jieba's."""
    return [
        Record(id, text, tuple(words), tuple((s, p, o) for s, p, o in triples))
        for id, text, words, triples in dataset_files.read_lines(folder / VIEW_FILE)
    ]


def words_file(part: Part) -> str:
    """Name of the file with the segmented sentences of a part, which `tasks.extraction.encode` writes."""
    return f"{part}_words.jsonl"


def _record(value: dict[str, Any]) -> Record:
    words = None if value["words"] is None else tuple(value["words"])
    triples = tuple((s, p, o) for s, p, o in value.get("triples", ()))
    return Record(value["id"], value["text"], words, triples)
