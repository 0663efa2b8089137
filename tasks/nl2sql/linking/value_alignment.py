"""Where the values of labelled conditions stand in their question.

A value stands where the question has it as it is (after `normalise`), else where it has the same number,
amount or date, else where it has what is nearest by edit distance and leads back to the value among the
cells of its column. Of several places one counts that no longer value of the query has, and that cuts no
number or word; of those the first.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from tasks.nl2sql.linking.cell_matching import Cells, meant
from tasks.nl2sql.linking.dates import date, dates, forms, same
from tasks.nl2sql.linking.edit_distance import closest
from tasks.nl2sql.linking.numerals import WAN, YI, number, numerals
from tasks.nl2sql.linking.table_index import contents
from tasks.nl2sql.query.schema import Condition, Table
from tasks.text.normalisation import normalise

Span = tuple[int, int]
"""Half-open: start and end, in characters of the question."""
FARTHEST = 0.5
"""Greatest edit distance, of the value's length, at which a part of a question may be the value."""


def spans_of(conditions: Sequence[Condition], question: str, table: Table) -> list[Span | None]:
    """For each condition the span of its value; longer values choose first. None for what stands nowhere."""
    spans: dict[int, Span | None] = {}
    order = sorted(range(len(conditions)), key=lambda place: -len(conditions[place].value))
    for place in order:
        column, _, value = conditions[place]
        taken = [span for span in spans.values() if span]
        cells = contents(table).column(column)
        spans[place] = span_of(value, question, table.types[column], cells=cells, taken=taken)
    return [spans[place] for place in range(len(conditions))]


def span_of(
    value: str, question: str, type_: str, *, cells: Cells | None = None, taken: Iterable[Span] = ()
) -> Span | None:
    """The span of a value of a `text` or `real` column; None where it stands nowhere.

    Without cells, what is merely near does not count.
    """
    taken = list(taken)
    for found in (_literal(value, question), _alike(value, question)):
        spans = list(found)
        if spans:
            return min(spans, key=lambda span: (_overlaps(span, taken), _cuts(span, question), span))
    return _near(value, question, cells) if type_ == "text" and cells else None


def _literal(value: str, question: str) -> Iterator[Span]:
    wanted = normalise(value).strip()
    # a lookahead consumes nothing, so that overlapping occurrences are found too
    for match in re.finditer(f"(?=({re.escape(wanted)}))", normalise(question)) if wanted else ():
        yield match.span(1)


def _alike(value: str, question: str) -> Iterator[Span]:
    """The same number, also in another unit, or the same date."""
    asked = date(value)
    for said in dates(question):
        if value in forms(said) or (asked and (same(said, asked) or same(asked, said))):
            yield said.start, said.end
    if wanted := number(value):
        for one in numerals(question):
            scales = (scale for scale in (1, WAN, YI) if scale <= one.scale)
            shares = (one.value / scale for scale in (*scales, *((100,) if one.percent else ())))
            if wanted.value in shares:
                yield one.start, one.end


def _near(value: str, question: str, cells: Cells) -> Span | None:
    """The nearest part of the question, if the cell that it means is the value."""
    found = closest(normalise(value).strip(), normalise(question))
    if not found or found[2] > FARTHEST * len(value):
        return None
    start, end, _ = found
    return (start, end) if meant(question[start:end], cells) == value else None


def _overlaps(span: Span, others: Iterable[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _cuts(span: Span, question: str) -> bool:
    """Whether it is part of a longer number."""
    before, after = question[: span[0]][-1:], question[span[1] :][:1]
    inside = question[slice(*span)]
    return (inside[0].isdecimal() and (before.isdecimal() or before == ".")) or (
        inside[-1].isdecimal() and after.isdecimal()
    )
