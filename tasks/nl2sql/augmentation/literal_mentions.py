"""What a question says word for word of its query: names of columns, and values."""

from typing import NamedTuple

from tasks.nl2sql.augmentation.column_statistics import Columns
from tasks.nl2sql.query.schema import Query

_GOES_ON = "（(-"
"""After a name: here begins what tells its column from another."""


class Mention(NamedTuple):
    """Where a question names a column."""

    start: int
    end: int
    column: int


class Spoken(NamedTuple):
    """What a question says word for word."""

    mentions: tuple[Mention, ...]
    """Of columns of its table, in the order of the text; none within a value."""
    values: tuple[tuple[int, int] | None, ...]
    """Start and end of each condition's value; None where it does not stand there exactly once, and alone."""

    @property
    def columns(self) -> set[int]:
        """The columns named."""
        return {mention.column for mention in self.mentions}


def spoken(text: str, query: Query, columns: Columns) -> Spoken:
    """Find the names and the values of the query; a value that overlaps a longer name is none."""
    values = [place(text, condition.value) for condition in query.conditions]
    mentions = []
    for mention in _mentions(text, columns):
        touched = [number for number, span in enumerate(values) if span and _overlap(span, mention)]
        if any(_within(mention, values[number]) for number in touched):
            continue
        for number in touched:
            values[number] = None
        mentions.append(mention)
    return Spoken(tuple(mentions), tuple(values))


def place(text: str, value: str) -> tuple[int, int] | None:
    """Where the value stands, if exactly once and not within a longer number."""
    found, start = [], text.find(value) if value else -1
    while start >= 0:
        end = start + len(value)
        before, after = text[max(start - 2, 0) : start][::-1], text[end : end + 2]
        if not (_runs_on(before, value[0]) or _runs_on(after, value[-1])):
            found.append((start, end))
        start = text.find(value, start + 1)
    return found[0] if len(found) == 1 else None


def _mentions(text: str, columns: Columns) -> list[Mention]:
    """All names in the text but those within longer names."""
    found, free = [], text
    for name, column in columns.names.items():
        start = free.find(name)
        while start >= 0:
            end = start + len(name)
            free = free[:start] + "\0" * len(name) + free[end:]
            if text[end : end + 1] not in _GOES_ON or end == len(text):
                found.append(Mention(start, end, column))
            start = free.find(name, end)
    return sorted(found)


def _runs_on(text: str, edge: str) -> bool:
    """Whether the number that has this edge runs on into what is next to it."""
    return edge.isdigit() and (text[:1].isdigit() or (text[:1] == "." and text[1:].isdigit()))


def _overlap(one: tuple[int, int], other: Mention) -> bool:
    return one[0] < other.end and other.start < one[1]


def _within(inner: Mention, outer: tuple[int, int] | None) -> bool:
    return outer is not None and outer[0] <= inner.start and inner.end <= outer[1]
