"""From networks and questions to sketches, and from sketches to queries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding import query_search
from tasks.nl2sql.decoding.sketch_outputs import Sketch, averaged
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import Example
from tasks.text.tokenization import Reader

BATCH_PAIRS = 2**17
"""Pairs of a column and a token in a batch: bounds memory at about 300 MB."""


def decoded(
    networks: Sequence[Any],
    recipe: Recipe,
    reader: Reader,
    examples: Sequence[Example],
    tables: Mapping[str, Table],
    executor: Executor | None,
) -> Candidates:
    """Queries of each question by falling probability, as `tasks.nl2sql.decoding.query_search.decoded` gives them."""
    said = sketches(networks, examples, reader)
    questions = [example.question for example in examples]
    return query_search.decoded(said, questions, tables, executor, settings=recipe.decoding)


def sketches(networks: Sequence[Any], examples: Sequence[Example], reader: Reader) -> list[Sketch]:
    """What networks say of questions, averaged over the networks."""
    found: dict[int, Sketch] = {}
    for rows in batches(examples, longest=reader.longest):
        batch = [examples[row] for row in rows]
        given = features.inputs(batch, reader)
        said = [_probabilities(network.model.predict_on_batch(given)) for network in networks]
        for place, row in enumerate(rows):
            found[row] = averaged([_sketch(each, place, batch[place]) for each in said])
    return [found[row] for row in range(len(examples))]


def batches(examples: Sequence[Example], *, longest: int) -> Iterator[list[int]]:
    """Rows of questions of like shape, so that little is padded."""
    sizes = [features.shapes([each], longest=longest) for each in examples]
    rows: list[int] = []
    for row in sorted(range(len(sizes)), key=sizes.__getitem__):
        pairs = sizes[row].tokens * sizes[row].columns
        if rows and (sizes[row] != sizes[rows[0]] or pairs * (len(rows) + 1) > BATCH_PAIRS):
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _probabilities(logits: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {name: _softmax(value) for name, value in logits.items() if name != "begins"}
    return {**found, "begins": 1 / (1 + np.exp(-logits["begins"].clip(-60, 60)))}


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def _sketch(said: Mapping[str, np.ndarray], row: int, example: Example) -> Sketch:
    characters, columns = slice(1, 1 + example.length), slice(len(example.names))
    return Sketch(
        connector=said["connector"][row],
        select=said["select"][row, columns],
        number=said["number"][row],
        operators=said["operators"][row, columns],
        tags=said["tags"][row, characters],
        begins=said["begins"][row, characters].astype(np.float32),
        columns=said["column"][row, characters, columns],
    )
