"""The recipe `sketch`: from networks and questions to probabilities, and from these to queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.training.padded_shapes import Shape, fixed_batches
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding import query_search
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities, average
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.network import build
from tasks.nl2sql.sketch.padding import PaddedShape, in_prediction
from tasks.text.tokenization import Tokenizer

__all__ = ["build", "decode"]


def decode(
    networks: Sequence[Any],
    recipe: Recipe,
    tokenizer: Tokenizer,
    examples: Sequence[SketchExample],
    tables: Mapping[str, Table],
    executor: Executor | None,
    *,
    factors: QueryFactors,
    shapes: Sequence[Shape] = (),
) -> Candidates:
    """Queries of each question, as `tasks.nl2sql.decoding.query_search.decode` gives them.

    Args:
        shapes: of batches; larger questions have further shapes.
    """
    sketches = predict_sketches(networks, examples, tokenizer, shapes=shapes)
    questions = [example.question for example in examples]
    settings = recipe.decoding
    return query_search.decode(sketches, questions, tables, executor, settings=settings, factors=factors)


def predict_sketches(
    networks: Sequence[Any],
    examples: Sequence[SketchExample],
    tokenizer: Tokenizer,
    *,
    shapes: Sequence[Shape] = (),
) -> list[SketchProbabilities]:
    """Probabilities of each question, averaged over the networks."""
    found: dict[int, SketchProbabilities] = {}
    sizes = np.array([features.sizes_of(each, tokenizer) for each in examples], np.int64).reshape(-1, 4)
    for planned in fixed_batches(sizes, shapes, in_prediction(tokenizer.settings)):
        rows, batch = planned.records.tolist(), [examples[row] for row in planned.filled()]
        inputs = features.inputs(batch, tokenizer, PaddedShape.of(planned.shape))
        outputs = [_probabilities(network.model.predict_on_batch(inputs)) for network in networks]
        for place, row in enumerate(rows):
            found[row] = average([_sketch(each, place, batch[place]) for each in outputs])
    return [found[row] for row in range(len(examples))]


def _probabilities(logits: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {name: softmax(value) for name, value in logits.items() if name != "begins"}
    return {**found, "begins": 1 / (1 + np.exp(-logits["begins"].clip(-60, 60)))}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float32.

    >>> softmax(np.zeros((1, 4), np.float32)).tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def _sketch(outputs: Mapping[str, np.ndarray], row: int, example: SketchExample) -> SketchProbabilities:
    """The probabilities of one question of a batch, without padding."""
    characters, columns = slice(1, 1 + example.length), slice(len(example.names))
    return SketchProbabilities(
        connector=outputs["connector"][row],
        select=outputs["select"][row, columns],
        number=outputs["number"][row],
        operators=outputs["operators"][row, columns],
        tags=outputs["tags"][row, characters],
        begins=outputs["begins"][row, characters].astype(np.float32),
        columns=outputs["column"][row, characters, columns],
    )
