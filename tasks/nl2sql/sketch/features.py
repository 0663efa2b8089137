"""Inputs and targets of sketch networks: arrays of questions and tables, padded to common sizes."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.linking.match_features import ColumnFeature, FeatureExtractor, MatchFeatures, PairFeature
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch.labels import IGNORED, Labels
from tasks.nl2sql.sketch.padding import PaddedShape, QuestionSizes
from tasks.text.tokenization import EXTRA, Tokenizer, padded

Arrays = dict[str, np.ndarray]

QUESTION, PADDING = 0, -1
"""Parts of a joined sequence: a token of the question, and padding; columns are numbered from 1."""


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


def sizes_of(
    example: SketchExample, tokenizer: Tokenizer, *, kept: np.ndarray | None = None, most: int = 0
) -> QuestionSizes:
    """Sizes of an example of which a batch has these columns, and so many others that there are `most`.

    Args:
        kept: indices of columns; None for all.
    """
    tokens = EXTRA + example.length
    lengths = np.array([len(name) for name in example.names], np.int64)
    count = len(lengths)
    if kept is not None and most < count:
        count, others = max(most, len(kept)), np.sort(np.delete(lengths, kept))
        lengths = np.concatenate([lengths[kept], others[len(others) - (count - len(kept)) :]])
    if tokenizer.settings.kind == "bert":
        sequence = min(tokens + int((lengths + 1).sum()), tokenizer.longest + EXTRA)
    else:
        sequence = EXTRA + min(int(lengths.max(initial=0)), tokenizer.longest)
    return QuestionSizes(tokens, count, sequence)


def padded_shape(batch: Sequence[SketchExample], tokenizer: Tokenizer) -> PaddedShape:
    """The least sizes that hold all examples."""
    sizes = np.array([sizes_of(example, tokenizer) for example in batch]).max(axis=0)
    tokens, columns, sequence, candidates = sizes.tolist()
    names = {name for example in batch for name in example.names}
    return PaddedShape(tokens, columns, sequence, candidates, max(1, len(names)))


def inputs(batch: Sequence[SketchExample], tokenizer: Tokenizer, size: PaddedShape | None = None) -> Arrays:
    """Inputs of the networks of `tasks.nl2sql.sketch.network`.

    Args:
        size: to which they are padded; None for the least that holds them all.
    """
    size = size or padded_shape(batch, tokenizer)
    is_joined = tokenizer.settings.kind == "bert"
    tokens = (_joined if is_joined else _separate)(batch, tokenizer, size)
    return _match_arrays(batch, size) | tokens


def _match_arrays(batch: Sequence[SketchExample], size: PaddedShape) -> Arrays:
    """`pairs` (b, C, n, 14) uint8, `columns` (b, C, 12) float32, `present` (b, C) int32."""
    pairs = np.zeros((len(batch), size.columns, size.tokens, len(PairFeature)), np.uint8)
    columns = np.zeros((len(batch), size.columns, len(ColumnFeature)), np.float32)
    present = np.zeros((len(batch), size.columns), np.int32)
    for row, example in enumerate(batch):
        count, length = example.matches.pairs.shape[:2]
        pairs[row, :count, 1 : length + 1] = example.matches.pairs
        columns[row, :count] = example.matches.columns
        present[row, :count] = 1
    return {"pairs": pairs, "columns": columns, "present": present}


def _separate(batch: Sequence[SketchExample], tokenizer: Tokenizer, size: PaddedShape) -> Arrays:
    """Tokens of questions (b, n) and of all different names (u, m), and `name` (b, C): rows of the latter."""
    texts = [tokenizer.inputs(each.question.text) for each in batch]
    found = tokenizer.batch(texts, length=size.tokens)
    numbered: dict[str, int] = {}
    name = np.zeros((len(batch), size.columns), np.int32)
    for row, example in enumerate(batch):
        name[row, : len(example.names)] = [numbered.setdefault(each, len(numbered)) for each in example.names]
    texts = [tokenizer.inputs(each) for each in numbered] or [tokenizer.inputs("")]
    names = tokenizer.batch(texts, length=size.sequence)
    missing = size.names - len(numbered or [""])
    names = {key: np.pad(value, ((0, missing), (0, 0))) for key, value in names.items()}
    return {**found, "name": name, **{f"names_{key}": value for key, value in names.items()}}


def _joined(batch: Sequence[SketchExample], tokenizer: Tokenizer, size: PaddedShape) -> Arrays:
    """Question and names in one sequence `characters` (b, L), and the part of each token, `part` (b, L).

    The parts are `QUESTION`, 1 + the number of a column, and `PADDING`.
    """
    most = tokenizer.longest + EXTRA
    tokens, parts = zip(*(_sequence(each, tokenizer, most) for each in batch), strict=True)
    characters = padded(tokens, size.sequence, padding=tokenizer.characters.padding)
    return {"characters": characters, "part": padded(parts, size.sequence, padding=PADDING)}


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


def targets(batch: Sequence[SketchExample], size: PaddedShape) -> Arrays:
    """Targets by the names of the networks' outputs; `IGNORED` at padding."""
    count = len(batch)
    found = {
        "connector": np.zeros(count, np.int32),
        "number": np.zeros(count, np.int32),
        "select": np.full((count, size.columns), IGNORED, np.int32),
        "operators": np.full((count, size.columns, 5), IGNORED, np.float32),
        "tags": np.full((count, size.tokens), IGNORED, np.int32),
        "begins": np.full((count, size.tokens), IGNORED, np.int32),
        "column": np.full((count, size.tokens), IGNORED, np.int32),
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
