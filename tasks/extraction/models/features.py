"""Tokens of sentences, the spans of their labels in tokens, and the words that `encode` has stored."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasks.core.competition import Part
from tasks.core.dataset import Dataset
from tasks.extraction.dataset import words_file
from tasks.extraction.labelling.mentions import LabelledTriple, Span, label
from tasks.extraction.records import Record, file_of
from tasks.text.tokenization import Tokenizer

SHIFT = 1
"""Tokens before the first character of a sentence."""


class TokenizedSentence(NamedTuple):
    """One sentence as arrays, with its labels."""

    record: Record
    inputs: dict[str, np.ndarray]
    """(tokens,) int32 of each input of the encoder."""
    labels: tuple[LabelledTriple, ...]
    """Half-open spans of characters; triples that end beyond the longest text are left out."""
    unlabelled: tuple[int, ...] = ()
    """Predicates of which it may state triples that have no label (`tasks.extraction.dataset.unlabelled`)."""
    is_filler: bool = False
    """Whether it fills up a batch, so that it must not count in a loss."""

    @property
    def tokens(self) -> int:
        return len(self.inputs["characters"])


def tokenized(
    records: Iterable[Record],
    tokenizer: Tokenizer,
    predicates: Mapping[str, int],
    *,
    words: Mapping[str, Sequence[str]] | None = None,
    unlabelled: Mapping[str, Sequence[str]] | None = None,
) -> list[TokenizedSentence]:
    """Sentences in the order of the records.

    Args:
        words: by id; they take the place of the records' own.
        unlabelled: predicates that are unknown in the sentences of a file, by its stem.
    """
    unknown = {file: tuple(predicates[name] for name in names) for file, names in (unlabelled or {}).items()}
    return [
        _tokenized(record, tokenizer, predicates, words or {})._replace(
            unlabelled=unknown.get(file_of(record.id), ())
        )
        for record in records
    ]


def _tokenized(
    record: Record, tokenizer: Tokenizer, predicates: Mapping[str, int], words: Mapping[str, Sequence[str]]
) -> TokenizedSentence:
    segmented = words.get(record.id, record.words)
    labels = label(record.text, record.triples, predicates).triples
    within = tuple(each for each in labels if max(each[1][1], each[2][1]) <= tokenizer.longest)
    return TokenizedSentence(record, tokenizer.inputs(record.text, segmented), within)


def tokens_of(span: Span) -> tuple[int, int]:
    """First and last token of a half-open span of characters.

    >>> tokens_of((3, 6))
    (4, 6)
    """
    return span[0] + SHIFT, span[1] - 1 + SHIFT


def span_of(first: int, last: int) -> Span:
    """The half-open span of characters from the first to the last token.

    >>> span_of(4, 6)
    (3, 6)
    """
    return first - SHIFT, last + 1 - SHIFT


def read_words(encoded: Dataset, part: Part) -> dict[str, list[str]]:
    """Segmented sentences of a part by id, as `tasks.extraction.encode` writes them."""
    return dict(stream_words(encoded, part))


def stream_words(encoded: Dataset, part: Part) -> Iterator[tuple[str, list[str]]]:
    """Ids and segmented sentences of a part one by one."""
    with (encoded / words_file(part)).open(encoding="utf-8") as lines:
        for entry in map(json.loads, lines):
            yield entry["id"], entry["words"]
