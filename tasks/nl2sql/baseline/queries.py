"""Queries of a question by the baseline's rules, each with its probability.

The first query is the one that the published rules give: every run of characters with one tag is a value, of
the column that is most probable over the run; columns are selected and conditions connected as is most
probable. The others change one or several of these choices, so that members can be blended by their scores.
"""

import numpy as np

from tasks.nl2sql.baseline.outputs import BaselineProbabilities, Run, runs
from tasks.nl2sql.decoding.beam import best, combinations, merged, pruned
from tasks.nl2sql.decoding.conditions import QuestionContext
from tasks.nl2sql.decoding.query_search import WIDTH, Selection, canonical_query, condition_sets
from tasks.nl2sql.decoding.value_spans import SpanCondition
from tasks.nl2sql.linking.cell_matching import similar_cells
from tasks.nl2sql.linking.numerals import parse_number
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.query.schema import AND, EQUAL, NONE, OR, UNEQUAL, Condition, Query, Table
from tasks.nl2sql.sketch.labels import NO_AGGREGATE

MOST_COLUMNS = 4
"""Columns tried for a value."""
MOST_CLASSES = 3
"""Aggregates tried for a column, not to be selected being one of them."""
MOST_VALUES = 8
"""Runs that become conditions, the most probable; a network that has learned nothing may mark dozens."""
CERTAIN = 0.999
"""Greatest probability of a run, so that it can always be left out."""
LEAST = 1e-4
"""Added to probabilities, so that no query is impossible."""

ConditionChoice = tuple[float, Condition | None]
"""Probability and a condition, or None for no condition."""


def question_queries(
    found: BaselineProbabilities, question: QuestionContext, *, cells: bool, beam: int
) -> list[tuple[float, Query]]:
    """At most `beam` canonical queries, the most probable first, at least one; they sum to 1 at most.

    Args:
        cells: whether a text that is in no cell is replaced by the most similar cell of all text columns.
    """
    likely = sorted(best(((run.probability, run) for run in runs(found.tags)), MOST_VALUES), key=_position)
    slots = [_choices(run, found.columns, question, cells=cells) for _, run in likely]
    sets = pruned(condition_sets([slot for slot in slots if slot]), beam)
    wholes = [
        (p * q * r, (select, connector, conditions))
        for q, select in selections(found.select, most=beam)
        for p, conditions in sets
        for r, connector in _connectors(found.connector, len(conditions))
    ]
    queries = merged(pruned(wholes, WIDTH), lambda whole: canonical_query(*whole))
    return best(((p, query) for query, p in queries.items()), beam)


def _position(scored: tuple[float, Run]) -> int:
    return scored[1].start


def selections(select: np.ndarray, *, most: int) -> list[tuple[float, Selection]]:
    """Selected columns with their aggregates, at least one column; `select` (C, 7) are probabilities."""
    slots = [
        best(
            (
                (float(p), None if aggregate == NO_AGGREGATE else (column, aggregate))
                for aggregate, p in enumerate(row)
            ),
            MOST_CLASSES,
        )
        for column, row in enumerate(select.astype(np.float64) + LEAST)
    ]
    # without any column is one of them, where no column is likely the best
    chosen = [(p, each) for p, each in combinations(slots, most=WIDTH) if each]
    total = sum(p for p, _ in chosen)
    return [(p / total, each) for p, each in pruned(chosen, most)]


def _connectors(connector: np.ndarray, conditions: int) -> list[tuple[float, int]]:
    if conditions < 2:
        return [(1.0, NONE)]
    both = {each: float(connector[each]) + LEAST for each in (AND, OR)}
    return [(p / sum(both.values()), each) for each, p in both.items()]


def _choices(
    run: Run, columns: np.ndarray, question: QuestionContext, *, cells: bool
) -> list[ConditionChoice]:
    """The conditions that a run may state, the most probable first, and None; empty for a run of spaces.

    Columns are weighed relative to the most probable one, so that a value which may belong to many columns
    is no less of a value.
    """
    if not question.text[run.start : run.end].strip():
        return []
    shares = columns[run.start : run.end].astype(np.float64).mean(axis=0) + LEAST
    shares /= shares.max()
    top = np.argsort(-shares, kind="stable")[:MOST_COLUMNS].tolist()
    probability = min(run.probability, CERTAIN)
    conditions = merged(
        ((probability * float(shares[column]), column) for column in top),
        lambda column: condition_of(run, column, shares, question, cells=cells),
    )
    # None comes last, so that a run is a value where both are equally probable
    choices = [*((p, each) for each, p in conditions.items()), (1 - probability, None)]
    total = sum(p for p, _ in choices)
    return best(((p / total, each) for p, each in choices), len(choices))


def condition_of(
    run: Run, column: int, shares: np.ndarray, question: QuestionContext, *, cells: bool
) -> Condition:
    """The condition of a run on a column, by the rules of the baseline.

    A text is not compared by `>` and `<`; one that is in no cell becomes the most similar cell; and a value
    that must be in a cell, but is in other columns only, belongs to the most probable of these.

    Args:
        shares: (C,) weights of the columns.
    """
    text = question.text[run.start : run.end].strip()
    is_number = parse_number(text) is not None
    operator = run.operator if is_number or run.operator == UNEQUAL else EQUAL
    if operator in (EQUAL, UNEQUAL):
        with_value = question.columns_with_value((run.start, run.end))
        if not with_value and not is_number and cells:
            nearest = nearest_cell(text, question.table.table, shares)
            if nearest:
                return Condition(nearest[0], operator, nearest[1])
        if with_value and column not in with_value:
            column = max(with_value, key=lambda each: float(shares[each]))
    return question.condition(SpanCondition(column, operator, run.start, run.end))


def nearest_cell(text: str, table: Table, shares: np.ndarray) -> tuple[int, str] | None:
    """Column and text of the cell of all text columns that is nearest by edit distance.

    Of equally near cells the one of the most probable column; None if no cell shares a character.
    """
    found: tuple[float, int, str] | None = None
    for column in np.argsort(-shares, kind="stable").tolist():
        if table.types[column] == "text":
            cells = table_index(table).column(column)
            for cell in similar_cells(text, cells, limit=1):
                if found is None or cell.similarity > found[0]:
                    found = cell.similarity, column, cell.cell
    return found[1:] if found else None
