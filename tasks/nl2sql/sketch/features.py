"""Inputs and targets of sketch networks: arrays of questions and tables, padded to common sizes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from tasks.learning.training.batches import padded_length
from tasks.nl2sql.linking.match_features import ColumnFeature, FeatureExtractor, MatchFeatures, PairFeature
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch.labels import IGNORED, Labels
from tasks.text.tokenization import EXTRA, Tokenizer, padded

Arrays = dict[str, np.ndarray]

COLUMNS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096)
"""Padded numbers of columns, so that a network sees few shapes."""
QUESTION, PADDING = 0, -1
"""Parts of a joined sequence: a token of the question, and padding; columns are numbered from 1."""
BATCH_PAIRS = 2**17
"""Most pairs of a token with a column or a candidate in a batch without gradients: about 300 MB."""


class SketchExample(NamedTuple):
    """A question with what a sketch network reads of its table."""

    question: Question
    names: tuple[str, ...]
    """Names of the table's columns, in the table's order."""
    matches: MatchFeatures
    labels: Labels | None = None

    @property
    def length(self) -> int:
        """Characters read of the question."""
        return self.matches.pairs.shape[1]


def examples(
    questions: Sequence[Question], tables: Mapping[str, Table], *, longest: int
) -> list[SketchExample]:
    """Examples in the order of the questions; characters beyond `longest` are cut off."""
    found: dict[int, SketchExample] = {}
    by_table = sorted(range(len(questions)), key=lambda row: questions[row].table)
    for id, rows in groupby(by_table, key=lambda row: questions[row].table):
        extractor = FeatureExtractor(tables[id])
        for row in rows:
            matches = extractor.features(questions[row].text[:longest])
            found[row] = SketchExample(questions[row], tables[id].header, matches)
    return [found[row] for row in range(len(questions))]


def padded_columns(count: int) -> int:
    """The least of `COLUMNS` that holds a table of this width."""
    return next((each for each in COLUMNS if each >= count), count)


def reorder_columns(example: SketchExample, order: np.ndarray) -> SketchExample:
    """The same question with the table's columns in another order: column i is the former order[i].

    An order may omit columns that have no part in the query.
    """
    labels = example.labels
    if labels is not None:
        place = np.full(len(example.names), IGNORED, np.int32)
        place[order] = np.arange(len(order))
        moved = np.where(labels.columns == IGNORED, np.int32(IGNORED), place[labels.columns])
        select, operators = labels.select[order], labels.operators[order]
        labels = labels._replace(select=select, operators=operators, columns=moved)
    names = tuple(example.names[column] for column in order)
    matches = MatchFeatures(example.matches.pairs[order], example.matches.columns[order])
    return SketchExample(example.question, names, matches, labels)


class PaddedShape(NamedTuple):
    """Sizes to which a batch is padded."""

    tokens: int
    columns: int


def padded_shape(batch: Sequence[SketchExample], *, longest: int) -> PaddedShape:
    """Sizes that hold all examples; `longest` is the most characters of a question."""
    tokens = padded_length(EXTRA + max(example.length for example in batch))
    columns = padded_columns(max(len(example.names) for example in batch))
    return PaddedShape(min(tokens, longest + EXTRA), columns)


def batches(shapes: Sequence[PaddedShape], candidates: Sequence[int] | None = None) -> Iterator[list[int]]:
    """Rows of each batch of at most `BATCH_PAIRS`: questions of one shape, so that little is padded.

    Args:
        shapes: of each question alone.
        candidates: number of candidate conditions of each question, those with few coming first.

    >>> list(batches([PaddedShape(32, 4), PaddedShape(32, 8), PaddedShape(32, 4)]))
    [[0, 2], [1]]
    """
    counts = candidates or [0] * len(shapes)
    rows: list[int] = []
    for row in sorted(range(len(shapes)), key=lambda row: (shapes[row], counts[row])):
        pairs = shapes[row].tokens * (shapes[row].columns + counts[row])
        if rows and (shapes[row] != shapes[rows[0]] or pairs * (len(rows) + 1) > BATCH_PAIRS):
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def inputs(batch: Sequence[SketchExample], tokenizer: Tokenizer) -> Arrays:
    """Inputs of the networks of `tasks.nl2sql.sketch.network`."""
    sizes = padded_shape(batch, longest=tokenizer.longest)
    is_joined = tokenizer.settings.kind == "bert"
    tokens = _joined(batch, tokenizer) if is_joined else _separate(batch, tokenizer, sizes)
    return _match_arrays(batch, sizes) | tokens


def _match_arrays(batch: Sequence[SketchExample], sizes: PaddedShape) -> Arrays:
    """`pairs` (b, C, n, 14) uint8, `columns` (b, C, 12) float32, `present` (b, C) int32."""
    pairs = np.zeros((len(batch), sizes.columns, sizes.tokens, len(PairFeature)), np.uint8)
    columns = np.zeros((len(batch), sizes.columns, len(ColumnFeature)), np.float32)
    present = np.zeros((len(batch), sizes.columns), np.int32)
    for row, example in enumerate(batch):
        count, length = example.matches.pairs.shape[:2]
        pairs[row, :count, 1 : length + 1] = example.matches.pairs
        columns[row, :count] = example.matches.columns
        present[row, :count] = 1
    return {"pairs": pairs, "columns": columns, "present": present}


def _separate(batch: Sequence[SketchExample], tokenizer: Tokenizer, sizes: PaddedShape) -> Arrays:
    """Tokens of questions (b, n) and of all different names (u, m), and `name` (b, C): rows of the latter."""
    found = tokenizer.batch([tokenizer.inputs(each.question.text) for each in batch])
    numbered: dict[str, int] = {}
    name = np.zeros((len(batch), sizes.columns), np.int32)
    for row, example in enumerate(batch):
        name[row, : len(example.names)] = [numbered.setdefault(each, len(numbered)) for each in example.names]
    names = tokenizer.batch([tokenizer.inputs(each) for each in numbered] or [tokenizer.inputs("")])
    return {**found, "name": name, **{f"names_{key}": value for key, value in names.items()}}


def _joined(batch: Sequence[SketchExample], tokenizer: Tokenizer) -> Arrays:
    """Question and names in one sequence `characters` (b, L), and the part of each token, `part` (b, L).

    The parts are `QUESTION`, 1 + the number of a column, and `PADDING`.
    """
    most = tokenizer.longest + EXTRA
    tokens, parts = zip(*(_sequence(each, tokenizer, most) for each in batch), strict=True)
    length = min(padded_length(max(map(len, tokens))), most)
    characters = padded(tokens, length, padding=tokenizer.characters.padding)
    return {"characters": characters, "part": padded(parts, length, padding=PADDING)}


def _sequence(example: SketchExample, tokenizer: Tokenizer, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and parts of one question; names are cut evenly until all fits."""
    question = tokenizer.characters.of_text(example.question.text[: example.length])
    end = question[-1:]
    names = [tokenizer.characters.of_text(name)[1:-1] for name in example.names]
    room = max(0, most - len(question))
    longest = max(map(len, names), default=0)
    while longest > 0 and sum(min(len(name), longest) + 1 for name in names) > room:
        longest -= 1
    tokens, parts = [question], [np.full(len(question), QUESTION)]
    for number, name in enumerate(names, 1):
        tokens += [name[:longest], end]
        parts += [np.full(min(len(name), longest) + 1, number)]
    return np.concatenate(tokens)[:most].astype(np.int32), np.concatenate(parts)[:most].astype(np.int32)


def targets(batch: Sequence[SketchExample], *, longest: int) -> Arrays:
    """Targets by the names of the networks' outputs; `IGNORED` at padding."""
    sizes = padded_shape(batch, longest=longest)
    count = len(batch)
    found = {
        "connector": np.zeros(count, np.int32),
        "number": np.zeros(count, np.int32),
        "select": np.full((count, sizes.columns), IGNORED, np.int32),
        "operators": np.full((count, sizes.columns, 5), IGNORED, np.float32),
        "tags": np.full((count, sizes.tokens), IGNORED, np.int32),
        "begins": np.full((count, sizes.tokens), IGNORED, np.int32),
        "column": np.full((count, sizes.tokens), IGNORED, np.int32),
    }
    for row, example in enumerate(batch):
        labels = example.labels
        assert labels is not None
        columns, characters = len(labels.select), slice(1, 1 + example.length)
        found["connector"][row], found["number"][row] = labels.connector, labels.number
        found["select"][row, :columns] = labels.select
        found["operators"][row, :columns] = labels.operators
        found["tags"][row, characters] = labels.tags
        found["begins"][row, characters] = labels.begins
        found["column"][row, characters] = labels.columns
    return found
