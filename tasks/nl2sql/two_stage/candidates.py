"""Candidate conditions of a question: values, each with a column that may be compared with it.

Text columns give their cells that the question contains, as written there and as written in the table; real
columns give the question's numbers, as written there and in the column's form; and a column with one value
alone gives that. Operators are left to the matcher, which scores all four for each candidate.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from tasks.nl2sql.linking.cell_mentions import CellMatch, cell_matches
from tasks.nl2sql.linking.numerals import find_numerals
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_normalisation import value_for
from tasks.nl2sql.query.schema import GREATER, Question, Table
from tasks.text.normalisation import normalise


class CandidateKind(IntEnum):
    """Where a candidate's value comes from; 0 is padding."""

    CELL = 1
    """A cell as the question writes it."""
    PART = 2
    """A part of a cell."""
    WHOLE = 3
    """The cell of which the question has a part."""
    KNOWN_NUMBER = 4
    """A number of the question that is in the column."""
    NEW_NUMBER = 5
    """A number of the question that is not in the column."""
    CONVERTED = 6
    """Such a number in the column's form."""
    ONLY = 7
    """The only value of a column."""
    SHARED = 8
    """A candidate of another question."""


class ConditionCandidate(NamedTuple):
    """A value that a column may be compared with."""

    column: int
    value: str
    kind: CandidateKind
    start: int = 0
    end: int = 0
    """Half-open span of characters of the question; empty where the value is not in it."""


def find_candidates(text: str, table: Table, *, most: int) -> list[ConditionCandidate]:
    """The values of a question, each with each column that may have it, at most `most` of them.

    If there are more, those come first that the question repeats from the table, then numbers by how much of
    the column's name the question repeats, and values that are not in it last.
    """
    matches = cell_matches(text, table)
    found: dict[tuple[int, str], ConditionCandidate] = {}
    for candidate in (*_texts(text, table, matches), *_numbers(text, table, matches), *_only(table)):
        found.setdefault((candidate.column, candidate.value), candidate)
    return _most(list(found.values()), text, table, most=most)


def share_candidates(
    questions: Sequence[Question], candidates: Sequence[Sequence[ConditionCandidate]], *, most: int
) -> list[list[ConditionCandidate]]:
    """Candidates of each question with those that others of the same table have in text columns.

    This uses other questions of the part than the one to be answered, also of the test part: it is
    transductive.
    """
    pools: dict[str, dict[tuple[int, str], ConditionCandidate]] = defaultdict(dict)
    for question, found in zip(questions, candidates, strict=True):
        for each in found:
            if each.kind in (CandidateKind.CELL, CandidateKind.WHOLE):
                shared = each._replace(kind=CandidateKind.SHARED)
                pools[question.table].setdefault((each.column, each.value), shared)
    return [
        [*found, *_shared(question.text, found, pools[question.table])][:most]
        for question, found in zip(questions, candidates, strict=True)
    ]


def _texts(text: str, table: Table, matches: Sequence[CellMatch]) -> Iterator[ConditionCandidate]:
    for column, start, end, cell in matches:
        if table.types[column] == "text":
            value = text[start:end]
            kind = CandidateKind.CELL if value == cell else CandidateKind.PART
            yield ConditionCandidate(column, value, kind, start, end)
            if value != cell:
                yield ConditionCandidate(column, cell, CandidateKind.WHOLE, start, end)


def _numbers(text: str, table: Table, matches: Sequence[CellMatch]) -> Iterator[ConditionCandidate]:
    """Numbers of a question for each real column; in the column's form where no cell is that number."""
    matched = {(each.column, each.start, each.end) for each in matches}
    real = [column for column, kind in enumerate(table.types) if kind == "real"]
    for start, end, *_ in find_numerals(text):
        written = text[start:end]
        for column in real:
            known = (column, start, end) in matched
            kind = CandidateKind.KNOWN_NUMBER if known else CandidateKind.NEW_NUMBER
            yield ConditionCandidate(column, written, kind, start, end)
            if not known and (value := value_for(written, column, table, GREATER)) != written:
                yield ConditionCandidate(column, value, CandidateKind.CONVERTED, start, end)


def _only(table: Table) -> Iterator[ConditionCandidate]:
    for column in range(len(table.header)):
        if len(texts := table_index(table).column(column).texts) == 1:
            yield ConditionCandidate(column, texts[0].removesuffix(".0"), CandidateKind.ONLY)


def _shared(
    text: str, candidates: Sequence[ConditionCandidate], pool: Mapping[tuple[int, str], ConditionCandidate]
) -> Iterator[ConditionCandidate]:
    """Further candidates, of other questions, of which this one repeats at least two characters."""
    plain, present = normalise(text), {(each.column, each.value) for each in candidates}
    for pair, each in pool.items():
        if pair not in present:
            start, end = _repeated(plain, normalise(each.value))
            if end - start > 1:
                yield each._replace(start=start, end=end)


def _most(found: list[ConditionCandidate], text: str, table: Table, *, most: int) -> list[ConditionCandidate]:
    if len(found) <= most:
        return found
    plain = normalise(text)

    def share(name: str) -> float:
        start, end = _repeated(plain, normalise(name))
        return (end - start) / max(1, len(name))

    shares = [share(name) for name in table.header]

    def rank(each: ConditionCandidate) -> tuple[bool, bool, float]:
        is_new = each.kind in (CandidateKind.NEW_NUMBER, CandidateKind.CONVERTED)
        return each.kind == CandidateKind.ONLY, is_new, -shares[each.column]

    return sorted(found, key=rank)[:most]


def _repeated(plain: str, other: str) -> tuple[int, int]:
    """Span in `plain` of the longest substring of another text that it contains; (0, 0) without any."""
    for size in range(min(len(plain), len(other)), 0, -1):
        for first in range(len(other) - size + 1):
            if (start := plain.find(other[first : first + size])) >= 0:
                return start, start + size
    return 0, 0
