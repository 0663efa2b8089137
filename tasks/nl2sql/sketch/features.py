"""What networks read of questions and tables: arrays, padded to common sizes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tasks.learning.training.batches import padded_length
from tasks.nl2sql.linking.match_features import ColumnFeature, FeatureExtractor, MatchFeatures, PairFeature
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch.labels import NOTHING, Labels
from tasks.text.normalisation import normalise
from tasks.text.tokenization import EXTRA, Reader, padded

COLUMNS = (4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096)
"""Padded numbers of columns, so that a network sees few shapes."""
OWN, PADDING = 0, -1
"""In a joined sequence: a token of the question, and none."""


class Example(NamedTuple):
    """A question as networks read it."""

    question: Question
    names: tuple[str, ...]
    """Of the table's columns, in the table's order."""
    marks: MatchFeatures
    labels: Labels | None = None

    @property
    def length(self) -> int:
        """Characters read of the question."""
        return self.marks.pairs.shape[1]


def examples(questions: Iterable[Question], tables: Mapping[str, Table], *, longest: int) -> list[Example]:
    """Questions with their marks, in the order given; what exceeds `longest` characters is not read."""
    given = list(questions)
    found: list[Example | None] = [None] * len(given)
    by_table: dict[str, list[int]] = {}
    for place, question in enumerate(given):
        by_table.setdefault(question.table, []).append(place)
    for id, places in by_table.items():
        index = FeatureExtractor(tables[id])
        for place in places:
            marks = index.features(given[place].text[:longest])
            found[place] = Example(given[place], tables[id].header, marks)
    return [each for each in found if each is not None]


def padded_columns(count: int) -> int:
    """The least of `COLUMNS` that holds a table of this width."""
    return next((each for each in COLUMNS if each >= count), count)


def shuffled(example: Example, order: np.ndarray) -> Example:
    """The same question of a table whose columns stand in another order: column i is the former order[i].

    An order may leave columns out that have no part in the query.
    """
    labels = example.labels
    if labels is not None:
        place = np.full(len(example.names), NOTHING, np.int32)
        place[order] = np.arange(len(order))
        moved = np.where(labels.columns == NOTHING, np.int32(NOTHING), place[labels.columns])
        labels = labels._replace(
            select=labels.select[order], operators=labels.operators[order], columns=moved
        )
    names = tuple(example.names[column] for column in order)
    marks = MatchFeatures(example.marks.pairs[order], example.marks.columns[order])
    return Example(example.question, names, marks, labels)


class Shapes(NamedTuple):
    """Sizes to which a batch is padded."""

    tokens: int
    columns: int


def shapes(batch: Sequence[Example], *, longest: int) -> Shapes:
    tokens = padded_length(EXTRA + max(example.length for example in batch))
    columns = padded_columns(max(len(example.names) for example in batch))
    return Shapes(min(tokens, longest + EXTRA), columns)


def inputs(batch: Sequence[Example], reader: Reader) -> dict[str, np.ndarray]:
    """What the networks of `tasks.nl2sql.sketch.network` take."""
    sizes = shapes(batch, longest=reader.longest)
    found = _marks(batch, sizes)
    if reader.settings.kind == "bert":
        return found | _joined(batch, reader)
    return found | _apart(batch, reader, sizes)


def _marks(batch: Sequence[Example], sizes: Shapes) -> dict[str, np.ndarray]:
    """`pairs` (b, C, n, 14) uint8, `columns` (b, C, 12) float32, `present` (b, C) int32."""
    pairs = np.zeros((len(batch), sizes.columns, sizes.tokens, len(PairFeature)), np.uint8)
    columns = np.zeros((len(batch), sizes.columns, len(ColumnFeature)), np.float32)
    present = np.zeros((len(batch), sizes.columns), np.int32)
    for row, example in enumerate(batch):
        count, length = example.marks.pairs.shape[:2]
        pairs[row, :count, 1 : length + 1] = example.marks.pairs
        columns[row, :count] = example.marks.columns
        present[row, :count] = 1
    return {"pairs": pairs, "columns": columns, "present": present}


def _apart(batch: Sequence[Example], reader: Reader, sizes: Shapes) -> dict[str, np.ndarray]:
    """Tokens of questions (b, n), those of all different names (u, m), and `name` (b, C): which is whose."""
    found = reader.batch([reader.read(each.question.text) for each in batch])
    numbered: dict[str, int] = {}
    name = np.zeros((len(batch), sizes.columns), np.int32)
    for row, example in enumerate(batch):
        name[row, : len(example.names)] = [numbered.setdefault(each, len(numbered)) for each in example.names]
    names = reader.batch([reader.read(each) for each in numbered] or [reader.read("")])
    return {**found, "name": name, **{f"names_{key}": value for key, value in names.items()}}


def _joined(batch: Sequence[Example], reader: Reader) -> dict[str, np.ndarray]:
    """Question and names in one sequence `characters` (b, L), and whose each token is, `part` (b, L).

    The parts are `OWN`, 1 + the number of a column, and `PADDING`.
    """
    most = reader.longest + EXTRA
    tokens, parts = zip(*(_sequence(each, reader, most) for each in batch), strict=True)
    length = min(padded_length(max(map(len, tokens))), most)
    padding = reader.characters.special[0]
    rows = padded(tokens, length)
    part = padded([each - PADDING for each in parts], length) + PADDING
    return {"characters": np.where(part == PADDING, padding, rows).astype(np.int32), "part": part}


def _sequence(example: Example, reader: Reader, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and parts of one question; names are cut evenly until all fits."""
    question = reader.characters.numbers(normalise(example.question.text[: example.length]))
    end = question[-1:]
    names = [reader.characters.numbers(normalise(name))[1:-1] for name in example.names]
    room = max(0, most - len(question))
    longest = max(map(len, names), default=0)
    while longest > 0 and sum(min(len(name), longest) + 1 for name in names) > room:
        longest -= 1
    tokens, parts = [question], [np.full(len(question), OWN)]
    for number, name in enumerate(names, 1):
        tokens += [name[:longest], end]
        parts += [np.full(min(len(name), longest) + 1, number)]
    return np.concatenate(tokens)[:most].astype(np.int32), np.concatenate(parts)[:most].astype(np.int32)


def targets(batch: Sequence[Example], *, longest: int) -> dict[str, np.ndarray]:
    """What the networks' outputs should be, by their names; `NOTHING` at padding."""
    sizes = shapes(batch, longest=longest)
    count = len(batch)
    found = {
        "connector": np.zeros(count, np.int32),
        "number": np.zeros(count, np.int32),
        "select": np.full((count, sizes.columns), NOTHING, np.int32),
        "operators": np.full((count, sizes.columns, 5), NOTHING, np.float32),
        "tags": np.full((count, sizes.tokens), NOTHING, np.int32),
        "begins": np.full((count, sizes.tokens), NOTHING, np.int32),
        "column": np.full((count, sizes.tokens), NOTHING, np.int32),
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
