"""Count what the labels of training questions do (`tasks.nl2sql.label_counts.counts`)."""

from collections.abc import Iterable, Mapping
from itertools import groupby, pairwise

from tasks.nl2sql.label_counts.counts import (
    ELSEWHERE,
    IN_COLUMN,
    NOWHERE,
    LabelCounts,
    operator_kind,
    type_row,
)
from tasks.nl2sql.label_counts.rows_found import TableRows
from tasks.nl2sql.linking.cell_mentions import cell_matches
from tasks.nl2sql.linking.spans import Span, overlaps
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_alignment import align_values
from tasks.nl2sql.query.schema import EQUAL, OR, Query, Question, Table


def count_labels(questions: Iterable[Question], tables: Mapping[str, Table]) -> LabelCounts:
    """Counts of labelled questions, each of which has a query that fits its table."""
    counts = LabelCounts.zero()
    ordered = sorted(questions, key=lambda question: question.table)
    for id, asked in groupby(ordered, key=lambda question: question.table):
        table, rows = tables[id], TableRows(tables[id])
        for question in asked:
            assert question.query is not None
            _count_parts(counts, question.query, table)
            _count_values(counts, question.query, question.text, table)
            counts.found[int(rows.finds_something(question.query))] += 1
    return counts


def _count_parts(counts: LabelCounts, query: Query, table: Table) -> None:
    """Operators, aggregates, selected columns, and connectors of conditions."""
    with_condition = {condition.column for condition in query.conditions}
    counts.selected[int(len(query.select) > 1)] += bool(query.select)
    for column, aggregate in query.select:
        row = type_row(table.types[column])
        counts.aggregates[row, aggregate] += 1
        counts.compared[row] += column in with_condition, len(with_condition) / len(table.header)
    for condition in query.conditions:
        counts.operators[type_row(table.types[condition.column]), condition.operator] += 1
    if len(query.conditions) > 1:
        counts.connectors[int(must_equal_several(query)), int(query.connector == OR)] += 1


def must_equal_several(query: Query) -> bool:
    """Whether one column has several conditions with `==`."""
    equal = [condition.column for condition in query.conditions if condition.operator == EQUAL]
    return len(set(equal)) < len(equal)


def _count_values(counts: LabelCounts, query: Query, text: str, table: Table) -> None:
    """Where values stand as cells, and whether the spans of neighbouring ones share characters."""
    spans = align_values(query.conditions, text, table)
    for condition, span in zip(query.conditions, spans, strict=True):
        columns = (
            columns_with_value(text, span, table) if span else _columns_with_cell(condition.value, table)
        )
        place = IN_COLUMN if condition.column in columns else ELSEWHERE if columns else NOWHERE
        row = type_row(table.types[condition.column])
        counts.places[row, operator_kind(condition.operator), place] += 1
    for one, other in pairwise(sorted({span for span in spans if span})):
        counts.overlaps[int(not overlaps(one, other))] += 1


def columns_with_value(text: str, span: Span, table: Table) -> set[int]:
    """Columns that have a span's text as a cell, or a cell that is mentioned there."""
    mentioned = {match.column for match in cell_matches(text, table) if match.span == span}
    return mentioned | _columns_with_cell(text[slice(*span)].strip(), table)


def _columns_with_cell(value: str, table: Table) -> set[int]:
    columns = range(len(table.header))
    return {column for column in columns if value in table_index(table).column(column).places}
