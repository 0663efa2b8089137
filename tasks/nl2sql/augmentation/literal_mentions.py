"""Literal matches of column names and of the query's values in a question."""

from typing import NamedTuple

from tasks.nl2sql.augmentation.column_statistics import TableStatistics
from tasks.nl2sql.linking.spans import Span, contains, overlaps
from tasks.nl2sql.query.schema import Query

_CONTINUES_NAME = "（(-"
"""After a name: the text that distinguishes its column from another begins here."""


class NameMatch(NamedTuple):
    """A span of a question that names a column."""

    start: int
    end: int
    column: int


class LiteralMatches(NamedTuple):
    """The names of columns and the values of the query that a question has literally."""

    names: tuple[NameMatch, ...]
    """In the order of the text; none within a value."""
    values: tuple[Span | None, ...]
    """The span of each condition's value; None where it does not occur exactly once, or is part of a name."""

    @property
    def columns(self) -> set[int]:
        """The columns named."""
        return {match.column for match in self.names}


def literal_matches(text: str, query: Query, table: TableStatistics) -> LiteralMatches:
    """Find the names of columns and the values of the query; a value that overlaps a longer name is None."""
    values = [value_span(text, condition.value) for condition in query.conditions]
    names = []
    for match in _name_matches(text, table):
        touched = {number: span for number, span in enumerate(values) if span and overlaps(span, match[:2])}
        if any(contains(span, match[:2]) for span in touched.values()):
            continue
        for number in touched:
            values[number] = None
        names.append(match)
    return LiteralMatches(tuple(names), tuple(values))


def value_span(text: str, value: str) -> Span | None:
    """The span of the value, if it occurs exactly once outside of longer numbers."""
    spans, start = [], text.find(value) if value else -1
    while start >= 0:
        end = start + len(value)
        before, after = text[max(start - 2, 0) : start][::-1], text[end : end + 2]
        if not (_continues_number(before, value[0]) or _continues_number(after, value[-1])):
            spans.append((start, end))
        start = text.find(value, start + 1)
    return spans[0] if len(spans) == 1 else None


def _name_matches(text: str, table: TableStatistics) -> list[NameMatch]:
    """All names in the text but those within longer names."""
    matches, free = [], text
    for name, column in table.names.items():
        start = free.find(name)
        while start >= 0:
            end = start + len(name)
            free = free[:start] + "\0" * len(name) + free[end:]
            if text[end : end + 1] not in _CONTINUES_NAME or end == len(text):
                matches.append(NameMatch(start, end, column))
            start = free.find(name, end)
    return sorted(matches)


def _continues_number(text: str, edge: str) -> bool:
    """Whether the text next to this edge of a value continues a number."""
    return edge.isdigit() and (text[:1].isdigit() or (text[:1] == "." and text[1:].isdigit()))
