"""Sentences as trainings and predictions take them: what is read, and where the labels stand in it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tasks.extraction.labelling.mentions import LabelledTriple, Span, label
from tasks.extraction.records import Record
from tasks.text.tokenization import Reader

SHIFT = 1
"""Tokens before the first character of a sentence."""


class Example(NamedTuple):
    """One sentence, read and labelled."""

    record: Record
    read: dict[str, np.ndarray]
    """(tokens,) int32 of each input."""
    labels: tuple[LabelledTriple, ...]
    """Half-open spans of characters; those beyond what is read are left out."""

    @property
    def tokens(self) -> int:
        return len(self.read["characters"])


def examples(
    records: Iterable[Record],
    reader: Reader,
    predicates: Mapping[str, int],
    *,
    words: Mapping[str, Sequence[str]] | None = None,
) -> list[Example]:
    """Examples in the order of the records; `words` by id take the place of the records' own."""
    return [_example(record, reader, predicates, words) for record in records]


def _example(
    record: Record,
    reader: Reader,
    predicates: Mapping[str, int],
    words: Mapping[str, Sequence[str]] | None,
) -> Example:
    segmented = words.get(record.id, record.words) if words else record.words
    labels = label(record.text, record.triples, predicates).triples
    seen = tuple(each for each in labels if max(each[1][1], each[2][1]) <= reader.longest)
    return Example(record, reader.read(record.text, segmented), seen)


def tokens_of(span: Span) -> tuple[int, int]:
    """First and last token of a span of characters."""
    return span[0] + SHIFT, span[1] - 1 + SHIFT


def read_words(folder: Path) -> dict[str, list[str]]:
    """Segmented sentences by id, as `tasks.extraction.encode` has written them."""
    return dict(stream_words(folder))


def stream_words(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The same one by one: training sentences, those of validation, those of the test, each in its order."""
    with (folder / "words.jsonl").open(encoding="utf-8") as lines:
        for entry in map(json.loads, lines):
            yield entry["id"], entry["words"]
