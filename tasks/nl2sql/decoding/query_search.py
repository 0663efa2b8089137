"""From a network's probabilities for questions to scored queries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations as combinations_of
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding.beam import best, combinations, merged, pruned
from tasks.nl2sql.decoding.conditions import QuestionContext, TableContext, span_choices
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities, replace_non_finite
from tasks.nl2sql.decoding.value_spans import ScoredSpan, SpanCondition, find_spans
from tasks.nl2sql.query import schema
from tasks.nl2sql.query.execution import Executor, Result
from tasks.nl2sql.query.schema import AGGREGATES, AND, NONE, OR, Condition, Query, Question, Table
from tasks.nl2sql.sketch.labels import MOST_CONDITIONS, NO_AGGREGATE
from tasks.nl2sql.wording.model import Shares

Selection = tuple[tuple[int, int], ...]
AnyCondition = TypeVar("AnyCondition", SpanCondition, Condition)

by_position = attrgetter("start", "end", "column", "operator")

COUNT = AGGREGATES.index("COUNT")

WIDTH = 24
"""Combinations of conditions kept before their number, their connector and the selection are weighed."""
IN_PAIRS = 12
"""Columns with aggregates, the most likely ones, that pairs are made of."""
LEAST = 1e-4
"""Added to a network's probabilities, so that no query is impossible."""
WORTH_RUNNING = 0.02
"""Share of the best query's probability from which a query is run: others cannot come first."""


def decode(
    sketches: Sequence[SketchProbabilities],
    questions: Sequence[Question],
    tables: Mapping[str, Table],
    executor: Executor | None,
    *,
    settings: Decoding,
    factors: QueryFactors,
) -> Candidates:
    """Queries of each question by falling probability, at most `settings.beam` and at least one.

    A query's probability is the product of those of its selection, its conditions with their number, and its
    connector, each normalised over the kept alternatives; those of a question sum to 1 at most. Queries that
    find nothing lose a part of their probability, and those that fail are left out unless all do.
    """
    sketches = [replace_non_finite(each) for each in sketches]
    spans = find_spans(sketches)

    def queries_of(row: int, question: QuestionContext) -> list[tuple[float, Query]]:
        return question_queries(sketches[row], spans[row], question, beam=settings.beam)

    return decode_by_table(queries_of, questions, tables, executor, settings=settings, factors=factors)


def decode_by_table(
    queries_of: Callable[[int, QuestionContext], list[tuple[float, Query]]],
    questions: Sequence[Question],
    tables: Mapping[str, Table],
    executor: Executor | None,
    *,
    settings: Decoding,
    factors: QueryFactors,
) -> Candidates:
    """Candidates of each question: the queries that a function gives for its row and its context."""
    records: list[dict[str, float]] = [{} for _ in questions]
    # one table after the other, so that the context of a table is in memory for a short time only
    by_table = sorted(range(len(questions)), key=lambda row: questions[row].table)
    for table, rows in groupby(by_table, key=lambda row: questions[row].table):
        context = TableContext.of(tables[table], factors)
        for row in rows:
            question = QuestionContext(questions[row].text, context, settings)
            queries = queries_of(row, question)
            records[row] = record(queries, table, executor, settings=settings, factors=factors)
    return Candidates.of(records)


def record(
    queries: Sequence[tuple[float, Query]],
    table: str,
    executor: Executor | None,
    *,
    settings: Decoding,
    factors: QueryFactors,
) -> dict[str, float]:
    """Probabilities of a question's queries by their text, after their execution if `settings` wish it."""
    if executor is not None and settings.execution:
        queries = rerank_by_execution(queries, table, executor, nothing_found=factors.nothing_found)
    return {key(schema.to_json(query)): probability for probability, query in queries}


def question_queries(
    sketch: SketchProbabilities, spans: Sequence[ScoredSpan], question: QuestionContext, *, beam: int
) -> list[tuple[float, Query]]:
    """Queries of one question, the most probable first."""

    def make(select: Selection, connector: int, conditions: Iterable[SpanCondition]) -> Query:
        return canonical_query(select, connector, map(question.condition, conditions))

    sets = condition_sets(span_choices(spans, sketch, question), by_position)
    factors = question.table.factors
    weighed = [(p * factors.of_overlaps(conditions), conditions) for p, conditions in sets]
    return combine_queries(
        sketch, weighed, question.text, question.table.table, factors, beam=beam, make=make
    )


def condition_sets(
    slots: Iterable[Sequence[tuple[float, AnyCondition | None]]],
    order: Callable[[AnyCondition], Any] | None = None,
) -> list[tuple[float, tuple[AnyCondition, ...]]]:
    """The most probable sets of conditions, each in order and once; a slot gives one condition or None."""
    sets = merged(combinations(slots, most=WIDTH), lambda each: tuple(sorted(set(each), key=order)))
    return [(probability, each) for each, probability in sets.items()]


def canonical_query(select: Selection, connector: int, conditions: Iterable[Condition]) -> Query:
    """The canonical query, each of its conditions once."""
    return schema.canonical(Query(select, connector, tuple(set(conditions))))


def combine_queries(
    sketch: SketchProbabilities,
    sets: Iterable[tuple[float, tuple[AnyCondition, ...]]],
    text: str,
    table: Table,
    factors: QueryFactors,
    *,
    beam: int,
    make: Callable[[Selection, int, tuple[AnyCondition, ...]], Query],
) -> list[tuple[float, Query]]:
    """Queries of one question, the most probable first: a selection, a set of conditions, their connector.

    Args:
        sets: sets of conditions, with probabilities that do not regard their number.
        text: the question.
        make: makes a canonical query of its parts; called for the most probable only.
    """
    shares = factors.wording.shares(text, table)
    connected = [
        (p * q, connector, conditions)
        for p, conditions in pruned(weigh_by_number(sketch, sets), beam)
        for q, connector in connectors(sketch, conditions, factors, shares)
    ]
    wholes = [
        (p * q * factors.of_selection(select, conditions, table.types), (select, connector, conditions))
        for q, select in pruned(selections(sketch, table, factors, shares, most=beam), beam)
        for p, connector, conditions in connected
    ]
    queries = merged(pruned(wholes, beam), lambda whole: make(*whole))
    return best(((p, query) for query, p in queries.items()), beam)


def weigh_by_number(
    sketch: SketchProbabilities, sets: Iterable[tuple[float, tuple[AnyCondition, ...]]]
) -> list[tuple[float, tuple[AnyCondition, ...]]]:
    """The sets times the network's probability of their number of conditions; they sum to 1."""
    number = (sketch.number + LEAST).tolist()
    weighed = [(p * number[min(len(each), MOST_CONDITIONS)], each) for p, each in sets]
    total = sum(p for p, _ in weighed)
    return [(p / total, each) for p, each in weighed]


def connectors(
    sketch: SketchProbabilities,
    conditions: Sequence[SpanCondition | Condition],
    factors: QueryFactors,
    shares: Shares,
) -> list[tuple[float, int]]:
    """AND and OR with probabilities; NONE for less than two conditions."""
    if len(conditions) < 2:
        return [(1.0, NONE)]
    scores = {each: (float(sketch.connector[each]) + LEAST) * shares.of_connector(each) for each in (AND, OR)}
    weighed = {each: p * factors.of_connector(each, conditions) for each, p in scores.items()}
    return [(p / sum(weighed.values()), each) for each, p in weighed.items()]


def selections(
    sketch: SketchProbabilities, table: Table, factors: QueryFactors, shares: Shares, *, most: int
) -> list[tuple[float, Selection]]:
    """Columns with aggregates: one, or the two most likely, given that at least one is selected."""
    selected, not_selected = sketch.select[:, :NO_AGGREGATE], sketch.select[:, NO_AGGREGATE:]
    odds = selected * factors.of_aggregates(table) / (not_selected + LEAST) + LEAST
    alone = odds * [shares.of_selection([aggregate]) for aggregate in range(NO_AGGREGATE)]
    found: dict[Selection, float] = {(single,): score for single, score in _largest(alone, most)}
    total = float(alone.sum())
    for select, score in _pair(_largest(odds, IN_PAIRS), shares):
        found[select] = score * factors.another_selected
        total += found[select]
    return [(score / total, select) for select, score in found.items()]


def _largest(odds: np.ndarray, most: int) -> list[tuple[tuple[int, int], float]]:
    """Columns with aggregates and their odds, the largest first."""
    flat = odds.ravel()
    top = np.argsort(-flat, kind="stable")[:most]
    return [(divmod(place, NO_AGGREGATE), float(flat[place])) for place in top.tolist()]


def _pair(singles: Sequence[tuple[tuple[int, int], float]], shares: Shares) -> list[tuple[Selection, float]]:
    """The most likely two of these, if two have different columns."""
    pairs = [
        (score * another * shares.of_selection([one[1], other[1]]), tuple(sorted((one, other))))
        for (one, score), (other, another) in combinations_of(singles, 2)
        if one[0] != other[0]
    ]
    return [(select, score) for score, select in best(pairs, 1)]


def rerank_by_execution(
    queries: Sequence[tuple[float, Query]], table: str, executor: Executor, *, nothing_found: float
) -> list[tuple[float, Query]]:
    """The queries, less probable those that find nothing, and without those that fail unless all do.

    Only those are run that could come first.
    """
    kept: list[tuple[float, Query]] = []
    for probability, query in queries:
        if kept and probability < queries[0][0] * WORTH_RUNNING:
            kept.append((probability, query))
        elif not (result := executor.run(table, query)).error:
            nothing = finds_nothing(query, result)
            kept.append((probability * (nothing_found if nothing else 1), query))
    return best(kept or queries, len(queries))


def finds_nothing(query: Query, result: Result) -> bool:
    """Whether all selected cells are empty; a count of 0 is empty too."""
    empty = [(None, 0) if aggregate == COUNT else (None,) for _, aggregate in query.select]
    return all(cell in each for row in result.rows for each, cell in zip(empty, row, strict=True))
