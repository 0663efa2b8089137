"""Read the dataset that `tasks.extraction.data` has written; apart from it, so that how raw files are checked
is no part of what trainings rest on.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tasks.core.competition import FoldKey
from tasks.extraction.characters import normalise
from tasks.extraction.records import Record

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

SMALLEST_STRATUM = 20
"""The most folds there can be: each of them gets a sentence of every stratum."""


def records(dataset: Path, part: Part) -> list[Record]:
    """The sentences of a part in the order of the raw files; those of the test have no triples."""
    return list(stream(dataset, part))


def stream(dataset: Path, part: Part) -> Iterator[Record]:
    """The same one by one, so that any number of them takes the same memory."""
    return map(_record, _values(dataset, part))


def count(dataset: Path, part: Part) -> int:
    """How many sentences a part has."""
    with (dataset / f"{part}.jsonl").open("rb") as lines:
        return sum(1 for _ in lines)


def ids(dataset: Path, part: Part) -> list[str]:
    """The ids of a part, in the order of its records."""
    return [value["id"] for value in _values(dataset, part)]


def schema(dataset: Path) -> list[dict[str, str]]:
    """Rows `{"subject_type", "predicate", "object_type"}` in the order of the file."""
    rows: list[dict[str, str]] = _read(dataset / "schema.json")
    return rows


def predicates(dataset: Path) -> list[str]:
    """Distinct predicates in order of first appearance; a predicate index is a position in this list."""
    return list(dict.fromkeys(row["predicate"] for row in schema(dataset)))


def characters(dataset: Path) -> list[tuple[str, int]]:
    """Normalised characters of the training texts with their numbers, the most frequent first."""
    return [(character, count) for character, count in _read(dataset / "characters.json")]


def dictionaries(dataset: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The scorer's aliases and locations, lower-cased: key -> its other names."""
    return _read(dataset / "alias.json"), _read(dataset / "location.json")


def fold_key(dataset: Path) -> FoldKey:
    """Each fold takes its share of every predicate, and sentences with one text stay together."""
    names, stated, keys = [], [], []
    for record in stream(dataset, "train"):
        names.append(record.id)
        stated.append({predicate for _, predicate, _ in record.triples})
        keys.append(text_key(record.text))
    return FoldKey(names, strata(stated), first_of_same(keys))


def text_key(text: str) -> str:
    """What texts have in common that differ in case, width of characters and white space only."""
    return " ".join(normalise(text).split())


def strata(stated: Sequence[set[str]], *, smallest: int = SMALLEST_STRATUM) -> np.ndarray:
    """For each sentence (n,) int64 the rarest predicate it states that still makes a stratum.

    Rare predicates choose first. Those left with fewer than `smallest` sentences leave them to the more
    frequent predicates of the same sentences, and at last to one stratum of others. Sentences without a
    predicate have their own. Where the rest is too small, it joins the largest stratum.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for row, predicates_of_row in enumerate(stated):
        for predicate in predicates_of_row or {""}:
            members[predicate].append(row)
    assigned = np.full(len(stated), -1, np.int64)
    number = 0
    for predicate in sorted(members, key=lambda name: (len(members[name]), name)):
        free = [row for row in members[predicate] if assigned[row] < 0]
        if len(free) >= smallest:
            assigned[free] = number
            number += 1
    rest = assigned < 0
    sizes = np.bincount(assigned[~rest], minlength=1)
    assigned[rest] = number if rest.sum() >= smallest else int(sizes.argmax())
    return assigned


def first_of_same(keys: Sequence[str]) -> np.ndarray:
    """(n,) int64: for each key the position at which it came first."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(key, row) for row, key in enumerate(keys)], np.int64)


def _record(value: dict[str, Any]) -> Record:
    words = None if value["words"] is None else tuple(value["words"])
    triples = tuple((s, p, o) for s, p, o in value.get("triples", ()))
    return Record(value["id"], value["text"], words, triples)


def _values(dataset: Path, part: Part) -> Iterator[dict[str, Any]]:
    # Binary lines end at line feeds only: texts may hold characters that `splitlines` takes for line ends.
    with (dataset / f"{part}.jsonl").open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))
