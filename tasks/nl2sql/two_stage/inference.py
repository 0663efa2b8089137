"""The recipe `two-stage`: from networks' scores of columns and of candidate conditions to queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.training.padded_shapes import Shape, fixed_batches
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding import query_search
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities, average, replace_non_finite
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Query, Table
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.inference import softmax
from tasks.nl2sql.sketch.labels import NO_OPERATOR
from tasks.nl2sql.sketch.padding import PaddedShape, in_prediction
from tasks.nl2sql.two_stage.candidates import CandidateKind
from tasks.nl2sql.two_stage.condition_slots import Slot, condition_slots
from tasks.nl2sql.two_stage.inputs import CONDITIONS, TwoStageExample, inputs, sizes_of, two_stage_examples
from tasks.nl2sql.two_stage.network import build
from tasks.text.tokenization import Tokenizer

__all__ = ["build", "decode"]

LEAST = 1e-3
"""Added to the first stage's probabilities, so that none is 0."""


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
    questions = two_stage_examples(examples, tables, recipe.matcher)
    records: list[dict[str, float]] = [{} for _ in questions]
    sizes = np.array([sizes_of(each, tokenizer) for each in questions], np.int64).reshape(-1, 4)
    for planned in fixed_batches(sizes, shapes, in_prediction(tokenizer.settings)):
        batch, size = [questions[row] for row in planned.filled()], PaddedShape.of(planned.shape)
        outputs = predict_scores(networks, batch, tokenizer, size)
        for row, (sketch, scores) in zip(planned.records.tolist(), outputs, strict=False):
            table = tables[examples[row].question.table]
            text = examples[row].question.text
            queries = _queries(questions[row], sketch, scores, text, table, recipe=recipe, factors=factors)
            records[row] = query_search.record(
                queries, table.id, executor, settings=recipe.decoding, factors=factors
            )
    return Candidates.of(records)


def _queries(
    question: TwoStageExample,
    sketch: SketchProbabilities,
    scores: np.ndarray,
    text: str,
    table: Table,
    *,
    recipe: Recipe,
    factors: QueryFactors,
) -> list[tuple[float, Query]]:
    columns = np.array([each.column for each in question.candidates], np.intp)
    agreed = agree(scores, sketch.operators[columns], agreement=recipe.matcher.agreement)
    agreed = agreed * factors.of_operators(table)[columns]
    settings, kinds = recipe.decoding, np.array([each.kind for each in question.candidates], np.intp)
    if not settings.cells:
        agreed[kinds == CandidateKind.WHOLE] = 0
    if not settings.normalise:
        agreed[kinds == CandidateKind.CONVERTED] = 0
    slots = condition_slots(question.candidates, agreed, accept=recipe.matcher.accept)
    return combine(sketch, slots, text, table, beam=settings.beam, factors=factors)


def agree(scores: np.ndarray, operators: np.ndarray, *, agreement: float) -> np.ndarray:
    """(k, 4) probabilities of conditions by both stages: odds of the matcher times a power of the sketch's.

    Args:
        scores: (k, 4) of the matcher.
        operators: (k, 5) of the sketch for each candidate's column.
        agreement: that power (`tasks.nl2sql.config.Matcher`).
    """
    of_column = (operators[:, :NO_OPERATOR] + LEAST) / (operators[:, NO_OPERATOR:] + LEAST)
    odds = scores / np.maximum(1 - scores, LEAST**2) * of_column**agreement
    return np.asarray(odds / (1 + odds))


def combine(
    sketch: SketchProbabilities,
    slots: Sequence[Slot],
    text: str,
    table: Table,
    *,
    beam: int,
    factors: QueryFactors,
) -> list[tuple[float, Query]]:
    """Canonical queries of one question, the most probable first."""
    sets, make = query_search.condition_sets(slots), query_search.canonical_query
    return query_search.combine_queries(sketch, sets, text, table, factors, beam=beam, make=make)


def predict_scores(
    networks: Sequence[Any],
    batch: Sequence[TwoStageExample],
    tokenizer: Tokenizer,
    size: PaddedShape | None = None,
) -> list[tuple[SketchProbabilities, np.ndarray]]:
    """For each question of a batch its sketch without characters, and (k, 4) probabilities of candidates by
    operator, both averaged over networks.
    """
    arrays = inputs(batch, tokenizer, size)
    logits = [network.model.predict_on_batch(arrays) for network in networks]
    outputs = [{name: softmax(each) for name, each in output.items()} for output in logits]
    found = []
    for row, each in enumerate(batch):
        sketches = [_sketch(output, row, columns=len(each.example.names)) for output in outputs]
        scores = np.mean([output[CONDITIONS][row, : len(each.candidates)] for output in outputs], axis=0)
        found.append((replace_non_finite(average(sketches)), scores[:, :NO_OPERATOR]))
    return found


def _sketch(output: Mapping[str, np.ndarray], row: int, *, columns: int) -> SketchProbabilities:
    select, operators = (output[name][row, :columns] for name in ("select", "operators"))
    without_characters = [np.zeros((0, 0), np.float32)] * 3
    return SketchProbabilities(
        output["connector"][row], select, output["number"][row], operators, *without_characters
    )
