"""Conditions that a question may state: values found in it, each with a column that may be compared with it.

Text columns give their cells that stand in the question, as they stand there and as the table has them; real
columns give the question's numbers, as they stand there and as they may be meant; and a column that holds one
value alone gives that. Operators are left to the matcher, which weighs all four for each candidate.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tasks.nl2sql.linking.cell_mentions import CellMatch, cell_matches
from tasks.nl2sql.linking.numerals import find_numerals
from tasks.nl2sql.linking.table_index import table_index
from tasks.nl2sql.linking.value_normalisation import value_for
from tasks.nl2sql.query.schema import GREATER, Question, Table
from tasks.text.normalisation import normalise

CELL, PART, WHOLE, HELD, NUMBER, READING, ONLY, SHARED = range(1, 9)
"""A cell as it stands in the question; a part of a cell, and that cell; a number that the column holds, one
that it does not, and one in another form; what is all that a column holds; and what another question says."""
KINDS = 9
"""Kinds of candidates, from 1; 0 is padding."""


class Candidate(NamedTuple):
    """A value that a column may be compared with."""

    column: int
    value: str
    kind: int
    start: int = 0
    end: int = 0
    """Half-open span of characters of the question; empty where the value does not stand there."""


def candidates(text: str, table: Table, *, most: int) -> list[Candidate]:
    """The values of a question, each with each column that it may stand in, at most `most` of them.

    If there are more, those stay that the question repeats from the table, then numbers by how much of the
    column's name the question repeats, and what it does not mention last.
    """
    held = cell_matches(text, table)
    found: dict[tuple[int, str], Candidate] = {}
    for candidate in (*_texts(text, table, held), *_numbers(text, table, held), *_only(table)):
        found.setdefault((candidate.column, candidate.value), candidate)
    return _most(list(found.values()), text, table, most=most)


def shared(
    questions: Sequence[Question], own: Sequence[Sequence[Candidate]], *, most: int
) -> list[list[Candidate]]:
    """Candidates of each question with those that others of the same table have found in its text columns.

    This looks at other questions than the one that is asked, test questions among them: it is transductive.
    """
    known: dict[str, dict[tuple[int, str], Candidate]] = defaultdict(dict)
    for question, found in zip(questions, own, strict=True):
        for each in found:
            if each.kind in (CELL, WHOLE):
                known[question.table].setdefault((each.column, each.value), each._replace(kind=SHARED))
    return [
        [*found, *_others(question.text, found, known[question.table])][:most]
        for question, found in zip(questions, own, strict=True)
    ]


def _texts(text: str, table: Table, held: Sequence[CellMatch]) -> Iterator[Candidate]:
    for column, start, end, cell in held:
        if table.types[column] == "text":
            said = text[start:end]
            yield Candidate(column, said, CELL if said == cell else PART, start, end)
            if said != cell:
                yield Candidate(column, cell, WHOLE, start, end)


def _numbers(text: str, table: Table, held: Sequence[CellMatch]) -> Iterator[Candidate]:
    """Numbers of a question for each real column; in the column's form where no cell is that number."""
    known = {(mention.column, mention.start, mention.end) for mention in held}
    real = [column for column, kind in enumerate(table.types) if kind == "real"]
    for start, end, *_ in find_numerals(text):
        said = text[start:end]
        for column in real:
            is_held = (column, start, end) in known
            yield Candidate(column, said, HELD if is_held else NUMBER, start, end)
            if not is_held and (value := value_for(said, column, table, GREATER)) != said:
                yield Candidate(column, value, READING, start, end)


def _only(table: Table) -> Iterator[Candidate]:
    for column in range(len(table.header)):
        if len(texts := table_index(table).column(column).texts) == 1:
            yield Candidate(column, texts[0].removesuffix(".0"), ONLY)


def _others(
    text: str, own: Sequence[Candidate], known: Mapping[tuple[int, str], Candidate]
) -> Iterator[Candidate]:
    """What others say and this question does not, where it repeats at least two characters of it."""
    plain, said = normalise(text), {(each.column, each.value) for each in own}
    for pair, each in known.items():
        if pair not in said:
            start, end = _repeated(plain, normalise(each.value))
            if end - start > 1:
                yield each._replace(start=start, end=end)


def _most(found: list[Candidate], text: str, table: Table, *, most: int) -> list[Candidate]:
    if len(found) <= most:
        return found
    plain = normalise(text)
    places = [_repeated(plain, normalise(name)) for name in table.header]
    named = [
        (end - start) / max(1, len(name)) for (start, end), name in zip(places, table.header, strict=True)
    ]

    def rank(each: Candidate) -> tuple[bool, bool, float]:
        return each.kind == ONLY, each.kind in (NUMBER, READING), -named[each.column]

    return sorted(found, key=rank)[:most]


def _repeated(plain: str, other: str) -> tuple[int, int]:
    """Span of the longest piece of another text that a text repeats."""
    for size in range(min(len(plain), len(other)), 0, -1):
        for first in range(len(other) - size + 1):
            if (start := plain.find(other[first : first + size])) >= 0:
                return start, start + size
    return 0, 0
