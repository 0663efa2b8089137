"""The recipe `baseline`: from networks and questions to probabilities, and from these to queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.training.padded_shapes import Shape, fixed_batches
from tasks.nl2sql.baseline.inputs import inputs, sizes_of
from tasks.nl2sql.baseline.network import build
from tasks.nl2sql.baseline.outputs import BaselineProbabilities, as_sketch, average, of_question
from tasks.nl2sql.baseline.queries import question_queries
from tasks.nl2sql.config import Decoding, Recipe
from tasks.nl2sql.decoding import query_search
from tasks.nl2sql.decoding.conditions import QuestionContext
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Query, Question, Table
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.inference import softmax
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
    """Queries of each question with their probabilities, at most `recipe.decoding.beam` and at least one.

    Args:
        shapes: of batches; larger questions have further shapes.
    """
    found = predict_outputs(networks, examples, tokenizer, shapes=shapes)
    questions, settings = [example.question for example in examples], recipe.decoding
    if recipe.baseline.decoder == "search":
        sketches = [as_sketch(each) for each in found]
        return query_search.decode(sketches, questions, tables, executor, settings=settings, factors=factors)
    return decode_runs(found, questions, tables, executor, settings=settings, factors=factors)


def decode_runs(
    found: Sequence[BaselineProbabilities],
    questions: Sequence[Question],
    tables: Mapping[str, Table],
    executor: Executor | None,
    *,
    settings: Decoding,
    factors: QueryFactors,
) -> Candidates:
    """Queries of each question by the rules of `tasks.nl2sql.baseline.queries`."""

    def queries_of(row: int, question: QuestionContext) -> list[tuple[float, Query]]:
        return question_queries(found[row], question, cells=settings.cells, beam=settings.beam)

    return query_search.decode_by_table(
        queries_of, questions, tables, executor, settings=settings, factors=factors
    )


def predict_outputs(
    networks: Sequence[Any],
    examples: Sequence[SketchExample],
    tokenizer: Tokenizer,
    *,
    shapes: Sequence[Shape] = (),
) -> list[BaselineProbabilities]:
    """Probabilities of each question, averaged over the networks."""
    found: dict[int, BaselineProbabilities] = {}
    all_sizes = np.array([sizes_of(each, tokenizer) for each in examples], np.int64).reshape(-1, 4)
    for planned in fixed_batches(all_sizes, shapes, in_prediction(tokenizer.settings)):
        batch = [examples[row] for row in planned.filled()]
        arrays = inputs(batch, tokenizer, PaddedShape.of(planned.shape))
        outputs = [_probabilities(network.model.predict_on_batch(arrays)) for network in networks]
        for place, row in enumerate(planned.records.tolist()):
            sizes = {"characters": examples[row].length, "columns": len(examples[row].names)}
            found[row] = average([of_question(each, place, **sizes) for each in outputs])
    return [found[row] for row in range(len(examples))]


def _probabilities(logits: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: softmax(np.asarray(each)) for name, each in logits.items()}
