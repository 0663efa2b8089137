"""The recipe `two-stage`: from networks' scores of columns and of candidate conditions to queries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql.config import Decoding, Recipe
from tasks.nl2sql.decoding import constraints, query_search
from tasks.nl2sql.decoding.sketch_outputs import NO_OPERATOR, Sketch, averaged, definite
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Query, Table
from tasks.nl2sql.query.serialization import to_json
from tasks.nl2sql.sketch.features import Example, shapes
from tasks.nl2sql.two_stage.candidates import READING, WHOLE
from tasks.nl2sql.two_stage.inputs import CONDITIONS, Asked, asked, inputs
from tasks.nl2sql.two_stage.slots import Slot, slots
from tasks.text.tokenization import Reader

BATCH_PAIRS = 2**17
"""Pairs of a character with a column or a candidate in a batch: bounds memory at about 300 MB."""

AGREEMENT = 0.5
"""Power of the first stage's odds that a column has a condition: half a say, for both stages have read the
same question, and what they share would else count twice."""
LEAST = 1e-3
"""Probability of what the first stage rules out."""


def decoded(
    networks: Sequence[Any],
    recipe: Recipe,
    reader: Reader,
    examples: Sequence[Example],
    tables: Mapping[str, Table],
    executor: Executor | None,
) -> Candidates:
    """Queries of each question by falling probability, as `tasks.nl2sql.decoding.query_search.decoded` gives them."""
    given = asked(examples, tables, recipe.matcher)
    records: list[dict[str, float]] = [{} for _ in given]
    for rows in batches(given, longest=reader.longest):
        for row, (sketch, scores) in zip(
            rows, said(networks, [given[row] for row in rows], reader), strict=True
        ):
            table = tables[given[row].example.question.table]
            queries = _queries(given[row], sketch, scores, table, executor, recipe=recipe)
            records[row] = {key(to_json(query)): probability for probability, query in queries}
    return Candidates.of(records)


def _queries(
    given: Asked,
    sketch: Sketch,
    scores: np.ndarray,
    table: Table,
    executor: Executor | None,
    *,
    recipe: Recipe,
) -> list[tuple[float, Query]]:
    columns = np.array([each.column for each in given.candidates], np.intp)
    plausible = agreed(scores, sketch.operators[columns]) * constraints.of_operators(table)[columns]
    plausible[[each.kind in _unwanted(recipe.decoding) for each in given.candidates]] = 0
    choices = slots(given.candidates, plausible, accept=recipe.matcher.accept)
    queries = joined(sketch, choices, table, beam=recipe.decoding.beam)
    if executor is not None and recipe.decoding.execution:
        return query_search.run(queries, table.id, executor)
    return queries


def agreed(scores: np.ndarray, operators: np.ndarray) -> np.ndarray:
    """(k, 4) probabilities of conditions by both stages: odds of the matcher times a power of the sketch's.

    Args:
        scores: (k, 4) of the matcher.
        operators: (k, 5) of the sketch for each candidate's column.
    """
    of_column = (operators[:, :NO_OPERATOR] + LEAST) / (operators[:, NO_OPERATOR:] + LEAST)
    odds = scores / np.maximum(1 - scores, LEAST**2) * of_column**AGREEMENT
    return np.asarray(odds / (1 + odds))


def _unwanted(settings: Decoding) -> set[int]:
    """Kinds of candidates that are not to be considered."""
    return (set() if settings.cells else {WHOLE}) | (set() if settings.normalise else {READING})


def joined(sketch: Sketch, choices: Sequence[Slot], table: Table, *, beam: int) -> list[tuple[float, Query]]:
    """Canonical queries of one question, the most probable first.

    Args:
        choices: slots of conditions, as `tasks.nl2sql.two_stage.slots.slots` gives them.
    """
    aggregates = constraints.of_aggregates(table)
    return query_search.of_sets(
        sketch, query_search.sets(choices), aggregates, beam=beam, read=query_search.query
    )


def said(networks: Sequence[Any], batch: Sequence[Asked], reader: Reader) -> list[tuple[Sketch, np.ndarray]]:
    """What networks say of a batch of questions: sketches without characters, and (k, 4) probabilities of
    candidates by operator, both averaged over networks.
    """
    given = inputs(batch, reader)
    outputs = [network.model.predict_on_batch(given) for network in networks]
    parts = [{name: _softmax(logits) for name, logits in output.items()} for output in outputs]
    found = []
    for row, each in enumerate(batch):
        sketches = [_sketch(part, row, columns=len(each.example.names)) for part in parts]
        scores = np.mean([part[CONDITIONS][row, : len(each.candidates)] for part in parts], axis=0)
        found.append((definite(averaged(sketches)), scores[:, :NO_OPERATOR]))
    return found


def _sketch(part: Mapping[str, np.ndarray], row: int, *, columns: int) -> Sketch:
    nothing = np.zeros((0, 0), np.float32)
    return Sketch(
        part["connector"][row],
        part["select"][row, :columns],
        part["number"][row],
        part["operators"][row, :columns],
        tags=nothing,
        begins=nothing,
        columns=nothing,
    )


def batches(given: Sequence[Asked], *, longest: int) -> Iterator[list[int]]:
    """Rows of questions of like shape, those of few candidates first, so that little is padded."""
    sizes = [shapes([each.example], longest=longest) for each in given]
    counts = [len(each.candidates) for each in given]
    rows: list[int] = []
    for row in sorted(range(len(given)), key=lambda row: (sizes[row], counts[row])):
        pairs = sizes[row].tokens * (sizes[row].columns + counts[row])
        if rows and (sizes[row] != sizes[rows[0]] or pairs * (len(rows) + 1) > BATCH_PAIRS):
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows


def _softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float32."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)
