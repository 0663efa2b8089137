"""Align the values of labelled conditions with spans of their question.

A value is aligned with its literal text (after `normalise`), else with the same number, amount or date, else
with the text that is nearest by edit distance and matches back to the value among the cells of its column. Of
several spans those are preferred that no longer value of the query has, and that cut no number; of those the
first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from tasks.nl2sql.linking.cell_matching import ColumnCells, most_similar_cell
from tasks.nl2sql.linking.dates import date_forms, find_dates, parse_date, same_date
from tasks.nl2sql.linking.edit_distance import closest_substring
from tasks.nl2sql.linking.numerals import WAN, YI, find_numerals, parse_number
from tasks.nl2sql.linking.spans import Span, overlaps
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.query.schema import Condition, Table
from tasks.text.normalisation import normalise

MOST_EDITS = 0.5
"""Greatest edit distance, of the value's length, at which a text may be the value."""


def align_values(conditions: Sequence[Condition], question: str, table: Table) -> list[Span | None]:
    """The span of each condition's value; longer values are aligned first. None where there is no span."""
    spans: dict[int, Span | None] = {}
    order = sorted(range(len(conditions)), key=lambda place: -len(conditions[place].value))
    for place in order:
        column, _, value = conditions[place]
        taken = [span for span in spans.values() if span]
        cells = table_index(table).column(column)
        spans[place] = align_value(value, question, table.types[column], cells=cells, taken=taken)
    return [spans[place] for place in range(len(conditions))]


def align_value(
    value: str, question: str, type_: str, *, cells: ColumnCells | None = None, taken: Iterable[Span] = ()
) -> Span | None:
    """The span of a value of a `text` or `real` column; None where there is none.

    Without cells, similar texts are not considered.
    """
    taken = list(taken)

    def cost(span: Span) -> tuple[bool, bool, Span]:
        return any(overlaps(span, other) for other in taken), _cuts_number(span, question), span

    for candidates in (_literal(value, question), _same_value(value, question)):
        if spans := list(candidates):
            return min(spans, key=cost)
    return _nearest(value, question, cells) if type_ == "text" and cells else None


def _literal(value: str, question: str) -> Iterator[Span]:
    wanted = normalise(value).strip()
    # a lookahead consumes nothing, so that overlapping occurrences are found too
    for match in re.finditer(f"(?=({re.escape(wanted)}))", normalise(question)) if wanted else ():
        yield match.span(1)


def _same_value(value: str, question: str) -> Iterator[Span]:
    """Spans of the same date, or of the same number, possibly in another unit."""
    wanted = parse_date(value)
    for date in find_dates(question):
        if value in date_forms(date) or (wanted and (same_date(date, wanted) or same_date(wanted, date))):
            yield date.start, date.end
    if number := parse_number(value):
        for numeral in find_numerals(question):
            scales = (scale for scale in (1, WAN, YI) if scale <= numeral.scale)
            shares = (numeral.value / scale for scale in (*scales, *((100,) if numeral.percent else ())))
            if number.value in shares:
                yield numeral.start, numeral.end


def _nearest(value: str, question: str, cells: ColumnCells) -> Span | None:
    """The span nearest by edit distance, if its most similar cell is the value."""
    nearest = closest_substring(normalise(value).strip(), normalise(question))
    if not nearest or nearest[2] > MOST_EDITS * len(value):
        return None
    start, end, _ = nearest
    return (start, end) if most_similar_cell(question[start:end], cells) == value else None


def _cuts_number(span: Span, question: str) -> bool:
    """Whether the span is part of a longer number."""
    before, after = question[: span[0]][-1:], question[span[1] :][:1]
    inside = question[slice(*span)]
    return (inside[0].isdecimal() and (before.isdecimal() or before == ".")) or (
        inside[-1].isdecimal() and after.isdecimal()
    )
