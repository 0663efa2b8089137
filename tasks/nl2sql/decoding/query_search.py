"""From what networks say of questions to scored queries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding import constraints
from tasks.nl2sql.decoding.beam import best, combined, merged, worthwhile
from tasks.nl2sql.decoding.conditions import Known, Said, choices
from tasks.nl2sql.decoding.sketch_outputs import MOST_CONDITIONS, NO_AGGREGATE, Sketch, definite
from tasks.nl2sql.decoding.value_spans import Asked, Span, spans
from tasks.nl2sql.query.execution import Executor, Result
from tasks.nl2sql.query.schema import (
    AGGREGATES,
    AND,
    NONE,
    OR,
    Condition,
    Query,
    Question,
    Table,
)
from tasks.nl2sql.query.serialization import canonical, to_json

Selection = tuple[tuple[int, int], ...]
Stated = TypeVar("Stated", Asked, Condition)
"""A condition whose value is yet to be read, or is known."""

by_place = attrgetter("start", "end", "column", "operator")

COUNT = AGGREGATES.index("COUNT")

WIDTH = 24
"""Combinations of conditions kept before their number, their connector and the selection are weighed."""
LEAST = 1e-4
"""Probability of what a network rules out, so that something always remains."""
WORTH_RUNNING = 0.02
"""Share of the best query's probability from which a query is run: others cannot come first."""


def decoded(
    sketches: Sequence[Sketch],
    questions: Sequence[Question],
    tables: Mapping[str, Table],
    executor: Executor | None,
    *,
    settings: Decoding,
) -> Candidates:
    """Queries of each question by falling probability, at most `settings.beam` and at least one.

    A query's probability is the product of those of its selection, its conditions with their number, and its
    connector, each among all that were considered; those of a question sum to 1 at most. What the executor
    finds nothing for loses a part of its probability, and what fails is left out unless everything does.
    """
    sketches = [definite(each) for each in sketches]
    found = spans(sketches)
    records: list[dict[str, float]] = [{} for _ in questions]
    # one table after the other, so that what is known of a table is needed for a short time only
    by_table = sorted(range(len(questions)), key=lambda row: questions[row].table)
    for table, rows in groupby(by_table, key=lambda row: questions[row].table):
        known = Known.of(tables[table])
        for row in rows:
            said = Said(questions[row].text, known, settings)
            queries = of_question(sketches[row], found[row], said, beam=settings.beam)
            if executor is not None and settings.execution:
                queries = run(queries, table, executor)
            records[row] = {key(to_json(query)): probability for probability, query in queries}
    return Candidates.of(records)


def of_question(sketch: Sketch, found: Sequence[Span], said: Said, *, beam: int) -> list[tuple[float, Query]]:
    """Queries of one question, the most probable first."""

    def read(select: Selection, connector: int, asked: Iterable[Asked]) -> Query:
        return query(select, connector, map(said.condition, asked))

    several = sets(choices(found, sketch, said), by_place)
    weighed = [(p * constraints.of_places(asked), asked) for p, asked in several]
    return of_sets(sketch, weighed, said.known.aggregates, beam=beam, read=read)


def sets(
    slots: Iterable[Sequence[tuple[float, Stated | None]]], order: Callable[[Stated], Any] | None = None
) -> list[tuple[float, tuple[Stated, ...]]]:
    """The most probable sets of conditions, each in order and once, of choices of one condition or none."""
    found = merged(combined(slots, most=WIDTH), lambda each: tuple(sorted(set(each), key=order)))
    return [(probability, each) for each, probability in found.items()]


def query(select: Selection, connector: int, conditions: Iterable[Condition]) -> Query:
    """The canonical query, each of its conditions once."""
    return canonical(Query(select, connector, tuple(set(conditions))))


def of_sets(
    sketch: Sketch,
    several: Iterable[tuple[float, tuple[Stated, ...]]],
    aggregates: np.ndarray,
    *,
    beam: int,
    read: Callable[[Selection, int, tuple[Stated, ...]], Query],
) -> list[tuple[float, Query]]:
    """Queries of one question, the most probable first: a selection, a set of conditions, their connector.

    Args:
        several: sets of conditions, with probabilities that know nothing of their number.
        aggregates: (C, 6) factors by column and aggregate.
        read: makes a canonical query of its parts; called for the most probable only.
    """
    connected = [
        (p * q, connector, conditions)
        for p, conditions in worthwhile(of_number(sketch, several), beam)
        for q, connector in of_connectors(sketch, conditions)
    ]
    wholes = [
        (p * q * constraints.of_selection(select, conditions), (select, connector, conditions))
        for q, select in worthwhile(of_selections(sketch, aggregates, most=beam), beam)
        for p, connector, conditions in connected
    ]
    queries = merged(worthwhile(wholes, beam), lambda whole: read(*whole))
    return best(((p, query) for query, p in queries.items()), beam)


def of_number(
    sketch: Sketch, several: Iterable[tuple[float, tuple[Stated, ...]]]
) -> list[tuple[float, tuple[Stated, ...]]]:
    """The sets, as probable as the network expects their number of conditions; they sum to 1."""
    number = (sketch.number + LEAST).tolist()
    weighed = [(p * number[min(len(each), MOST_CONDITIONS)], each) for p, each in several]
    total = sum(p for p, _ in weighed)
    return [(p / total, each) for p, each in weighed]


def of_connectors(sketch: Sketch, asked: Sequence[Asked | Condition]) -> list[tuple[float, int]]:
    """None is needed for less than two conditions."""
    if len(asked) < 2:
        return [(1.0, NONE)]
    scores = {each: float(sketch.connector[each]) + LEAST for each in (AND, OR)}
    weighed = {each: p * constraints.of_connector(each, asked) for each, p in scores.items()}
    return [(p / sum(weighed.values()), each) for each, p in weighed.items()]


def of_selections(sketch: Sketch, aggregates: np.ndarray, *, most: int) -> list[tuple[float, Selection]]:
    """Columns with aggregates: one, or the two most likely, given that at least one is selected."""
    odds = sketch.select[:, :NO_AGGREGATE] * aggregates / (sketch.select[:, NO_AGGREGATE:] + LEAST) + LEAST
    flat = odds.ravel()
    top = np.argsort(-flat, kind="stable")[:most]
    found: dict[Selection, float] = {
        (divmod(place, NO_AGGREGATE),): score
        for place, score in zip(top.tolist(), flat[top].tolist(), strict=True)
    }
    total = float(flat.sum())
    if pair := _pair(list(found.items())):
        found[pair[0]] = pair[1]
        total += pair[1]
    return [(score / total, select) for select, score in found.items()]


def _pair(singles: Sequence[tuple[Selection, float]]) -> tuple[Selection, float] | None:
    (one, score), *rest = singles
    for other, another in rest:
        if other[0][0] != one[0][0]:
            return tuple(sorted((*one, *other))), score * another * constraints.ANOTHER_SELECTED
    return None


def run(found: Sequence[tuple[float, Query]], table: str, executor: Executor) -> list[tuple[float, Query]]:
    """The queries, less probable those that find nothing, and without those that fail unless all do.

    Only those are run that could come first.
    """
    kept: list[tuple[float, Query]] = []
    for probability, query in found:
        if kept and probability < found[0][0] * WORTH_RUNNING:
            kept.append((probability, query))
        elif not (result := executor.run(table, query)).error:
            nothing = finds_nothing(query, result)
            kept.append((probability * (constraints.NOTHING_FOUND if nothing else 1), query))
    return best(kept or found, len(found))


def finds_nothing(query: Query, result: Result) -> bool:
    """Whether no row has what is asked for: a count of no rows is 0."""
    counts = [aggregate == COUNT for _, aggregate in query.select]
    return not any(
        cell if count else cell is not None
        for row in result.rows
        for count, cell in zip(counts, row, strict=True)
    )
