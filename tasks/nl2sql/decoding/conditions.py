"""Conditions that spans of a question may state: column, operator and value, with probabilities."""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tasks.nl2sql.config import Decoding
from tasks.nl2sql.decoding.beam import best
from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.decoding.sketch_outputs import SketchProbabilities
from tasks.nl2sql.decoding.value_spans import (
    ScoredSpan,
    SpanCondition,
    add_unlikely_spans,
    join_within_cells,
    relative_odds,
)
from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.dates import parse_date
from tasks.nl2sql.linking.numerals import find_numerals, parse_number
from tasks.nl2sql.linking.spans import Span, intersection_over_union, overlaps
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_normalisation import value_at
from tasks.nl2sql.query.schema import EQUAL, UNEQUAL, Condition, Table
from tasks.nl2sql.sketch.labels import NO_OPERATOR

MOST_READINGS = 4
"""Conditions kept of one span."""
CERTAIN = 0.999
"""Greatest probability of a span, so that a superfluous one can always be left out."""
FLOOR = 0.1
"""Weight of the characters' operators alone, for a column may have conditions with several."""
SAME = 0.5
"""Least intersection over union of two spans that are one value whose ends the network marks wrongly."""
LEAST = 1e-6

SpanChoice = tuple[float, SpanCondition | None]
"""Probability and a condition, or None for no condition."""


class TableContext(NamedTuple):
    """Parts of a table and factors that all its questions share."""

    table: Table
    factors: QueryFactors
    operators: np.ndarray
    """(C, 4) factors by column and operator."""
    aggregates: np.ndarray
    """(C, 6) factors by column and aggregate."""
    cells: tuple[Container[str], ...]
    """The cells of each column."""

    @classmethod
    def of(cls, table: Table, factors: QueryFactors) -> "TableContext":
        columns = map(table_index(table).column, range(len(table.header)))
        cells = tuple(column.places for column in columns)
        return cls(table, factors, factors.of_operators(table), factors.of_aggregates(table), cells)


class QuestionContext:
    """One question with its table: which columns have cells in which spans, and the values of conditions."""

    def __init__(self, text: str, table: TableContext, settings: Decoding) -> None:
        self.text, self.table, self._settings = text, table, settings
        self.cell_columns: dict[Span, set[int]] = {}
        """By span, the columns with a cell there."""
        self._conditions: dict[SpanCondition, Condition] = {}
        for match in cell_matches(text, table.table):
            self.cell_columns.setdefault((match.start, match.end), set()).add(match.column)

    def cells_and_numbers(self) -> Iterator[Span]:
        """Spans of cells, then of numbers."""
        yield from self.cell_columns
        for numeral in find_numerals(self.text):
            yield numeral.start, numeral.end

    def columns_with_value(self, span: Span) -> list[int]:
        """Columns that have the span's text as a cell, or a cell matched there."""
        value, matched = self.text[slice(*span)].strip(), self.cell_columns.get(span, ())
        return [each for each, cells in enumerate(self.table.cells) if value in cells or each in matched]

    def condition(self, span_condition: SpanCondition) -> Condition:
        """The condition with its value as the table writes it; cached."""
        if span_condition not in self._conditions:
            self._conditions[span_condition] = Condition(
                span_condition.column, span_condition.operator, self._value(span_condition)
            )
        return self._conditions[span_condition]

    def _value(self, span_condition: SpanCondition) -> str:
        column, operator, start, end = span_condition
        value = self.text[start:end].strip()
        if value in self.table.cells[column]:
            return value
        if parse_number(value) or parse_date(value):
            is_normalised = self._settings.normalise
        else:
            is_normalised = self._settings.cells and operator in (EQUAL, UNEQUAL)
        if not is_normalised:
            return value
        return value_at(self.text, (start, end), column, self.table.table, operator)


def span_choices(
    spans: Iterable[ScoredSpan], sketch: SketchProbabilities, question: QuestionContext
) -> list[list[SpanChoice]]:
    """The conditions that each span may state; the probabilities of one span sum to 1 at most."""
    in_value = 1 - sketch.tags[:, NO_OPERATOR].astype(np.float64)
    whole = join_within_cells(spans, question.cell_columns, sketch.begins)
    return [
        _choices_of_span(span, sketch, in_value, question)
        for span in add_unlikely_spans(whole, question.cells_and_numbers(), sketch, in_value)
        if question.text[span.start : span.end].strip()
    ]


def _choices_of_span(
    span: ScoredSpan, sketch: SketchProbabilities, in_value: np.ndarray, question: QuestionContext
) -> list[SpanChoice]:
    """The most probable conditions, and None."""
    marked = (span.start, span.end)
    overlapping = [each for each in question.cell_columns if overlaps(each, marked) and each != marked]
    spans = [marked, *(span for span in overlapping if span[1] <= len(in_value))]
    joint = _joint_weights(spans, sketch, in_value, question)
    top = np.argsort(-joint, axis=None, kind="stable")[:MOST_READINGS]
    probability = min(span.probability, CERTAIN)
    shares = joint.ravel()[top] * (probability / joint.sum())
    indices = (each.tolist() for each in np.unravel_index(top, joint.shape))
    choices: list[SpanChoice] = [(1 - probability, None)]
    for share, place, column, operator in zip(shares.tolist(), *indices, strict=True):
        choices.append((share, SpanCondition(column, operator, *spans[place])))
    return best(choices, len(choices))


def _joint_weights(
    spans: Sequence[Span], sketch: SketchProbabilities, in_value: np.ndarray, question: QuestionContext
) -> np.ndarray:
    """(spans, C, 4) weights of a value at each span, the first of which the network has marked."""
    weights = _network_weights(spans[0], sketch) * question.table.operators + LEAST
    with_value = [question.columns_with_value(span) for span in spans]
    of_columns = question.table.factors.of_columns
    factors = np.array([of_columns(columns, question.table.table) for columns in with_value])
    odds = [relative_odds(spans[0], span, in_value) for span in spans[1:]]
    factors[1:] *= np.array(odds).reshape(-1, 1, 1)
    joint = factors * weights
    for place in range(1, len(spans)):
        # where a column has the value of nearly the same span, the marked characters mean that one
        if intersection_over_union(spans[0], spans[place]) >= SAME:
            moved = [column for column in with_value[place] if column not in with_value[0]]
            joint[place, moved] += joint[0, moved]
            joint[0, moved] = 0
    return np.asarray(joint)


def _network_weights(span: Span, sketch: SketchProbabilities) -> np.ndarray:
    """(C, 4): the network's weights of the column and the operator of a value."""
    characters = slice(*span)
    tags = sketch.tags[characters, :NO_OPERATOR].mean(axis=0)
    columns = sketch.columns[characters].mean(axis=0)
    return np.asarray(columns[:, None] * tags * (sketch.operators[:, :NO_OPERATOR] + FLOOR))
