"""Inputs and targets of baseline networks: a question and all headers of its table as one sequence."""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import Arrays, SketchExample
from tasks.nl2sql.sketch.padding import MULTIPLE, PaddedShape, QuestionSizes
from tasks.text.tokenization import EXTRA, Tokenizer, padded

OUTPUTS = ("connector", "select", "tags", "column")
"""Names of the network's outputs: those of a sketch that the published network has too."""


def sizes_of(example: SketchExample, tokenizer: Tokenizer) -> QuestionSizes:
    """Sizes of an example; no padding makes the question longer than the sequence that it is part of."""
    tokens, most = EXTRA + example.length, tokenizer.longest + EXTRA
    sequence = tokens + sum(EXTRA + len(name) for name in example.names)
    return QuestionSizes(tokens, len(example.names), min(-(-sequence // MULTIPLE) * MULTIPLE, most))


def padded_shape(batch: Sequence[SketchExample], tokenizer: Tokenizer) -> PaddedShape:
    """The least sizes that hold all examples."""
    sizes = np.array([sizes_of(example, tokenizer) for example in batch])
    return PaddedShape(*sizes.max(axis=0).tolist())


def inputs(batch: Sequence[SketchExample], tokenizer: Tokenizer, size: PaddedShape | None = None) -> Arrays:
    """Inputs of the network of `tasks.nl2sql.baseline.network`, int32.

    * the encoder's tokens (b, L): `[CLS] question [SEP] [CLS] header [SEP] …`, then padding;
    * `headers` (b, L): 1 + the number of a column at the first token of its header, 0 elsewhere;
    * `question` (b, n), n ≤ L: 1 at characters of the question;
    * `present` (b, C): 1 at columns of the table.

    Args:
        size: to which they are padded; None for the least that holds them all.
    """
    size = size or padded_shape(batch, tokenizer)
    tokens, headers = zip(*(_sequence(each, tokenizer) for each in batch), strict=True)
    found = tokenizer.batch(tokens, length=size.sequence)
    question = np.zeros((len(batch), size.tokens), np.int32)
    present = np.zeros((len(batch), size.columns), np.int32)
    for row, example in enumerate(batch):
        question[row, 1 : 1 + example.length] = 1
        present[row, : len(example.names)] = 1
    marks = padded(headers, size.sequence)
    return {**found, "headers": marks, "question": question, "present": present}


def _sequence(example: SketchExample, tokenizer: Tokenizer) -> tuple[Arrays, np.ndarray]:
    """Tokens of one question and its headers, and the marks of the headers.

    Headers are cut evenly until all fits; columns whose headers do not fit at all are not read.
    """
    most = tokenizer.longest + EXTRA
    texts = [example.question.text[: example.length], *example.names]
    parts = [tokenizer.inputs(text) for text in texts]
    lengths = [len(part["characters"]) - EXTRA for part in parts]
    cut = longest_header(lengths[1:], most - EXTRA - lengths[0])
    parts[1:] = [
        part if length <= cut else tokenizer.inputs(text[:cut])
        for part, length, text in zip(parts[1:], lengths[1:], texts[1:], strict=True)
    ]
    tokens = {name: np.concatenate([part[name] for part in parts])[:most] for name in parts[0]}
    starts = np.cumsum([len(part["characters"]) for part in parts])[:-1]
    marks = np.zeros(len(tokens["characters"]), np.int32)
    kept = starts[starts < most]
    marks[kept] = 1 + np.arange(len(kept))
    return tokens, marks


def longest_header(lengths: Sequence[int], room: int) -> int:
    """The length to which headers are cut so that all of them with the tokens around each fit the room.

    >>> longest_header([2, 9, 5], 18), longest_header([2, 9, 5], 100), longest_header([2, 9, 5], 0)
    (5, 9, 0)
    """
    longest = max(lengths, default=0)
    while longest > 0 and sum(min(length, longest) + EXTRA for length in lengths) > room:
        longest -= 1
    return longest


def targets(batch: Sequence[SketchExample], size: PaddedShape) -> Arrays:
    """Targets by the names of the network's outputs; `IGNORED` at padding and, for the columns of
    characters, outside values."""
    found = features.targets(batch, size)
    return {name: found[name] for name in OUTPUTS}
