"""The question of one table, asked of another."""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.augmentation.column_statistics import Column, Columns
from tasks.nl2sql.augmentation.literal_mentions import Spoken, spoken
from tasks.nl2sql.augmentation.swaps import exchange, used
from tasks.nl2sql.query.schema import Query, Question

TRIES = 4
"""Tables tried for a question."""
COMMON, SIMILAR = 0.5, 0.9
"""Least share of common cells, and least cosine of the character counts, of columns that mean the same."""
PIECE = 3
"""Characters of the title that a question may not repeat unless the new title has them too."""


class Targets:
    """Tables that questions may be asked of, by their headers: each header is drawn equally often."""

    def __init__(self, tables: Sequence[Columns]) -> None:
        by_header: dict[tuple[str, ...], list[Columns]] = {}
        for table in tables:
            by_header.setdefault(table.header, []).append(table)
        self._groups = list(by_header.values())

    def draw(self, generator: np.random.Generator) -> Columns:
        group = self._groups[int(generator.integers(len(self._groups)))]
        return group[int(generator.integers(len(group)))]


def refill(
    question: Question, columns: Columns, targets: Targets, generator: np.random.Generator
) -> Question:
    """The question asked of one of the tables, with that table's names and cells; or as it was.

    A column that the question names becomes any of like cells; one that it only implies, as 在厦门 does a
    city, and one of words that it compares become a column that means the same, by its name or its cells.
    All values become cells of their new columns.
    """
    query = question.query
    if query is None:
        return question
    said = spoken(question.text, query, columns)
    if not all(said.values):
        return question
    for _ in range(TRIES):
        target = targets.draw(generator)
        if target.id != columns.id and not _tells_the_table(question.text, said, columns.title, target.title):
            mapping = _mapping(query, said, columns, target, generator)
            every = range(len(query.conditions))
            made = mapping and exchange(question, said, target, mapping, redrawn=every, generator=generator)
            if made:
                return made
    return question


def _mapping(
    query: Query, said: Spoken, columns: Columns, target: Columns, generator: np.random.Generator
) -> dict[int, int] | None:
    """A column of the new table for each of the query; None if it has none for one."""
    compared = {each.column for each in query.conditions if columns.all[each.column].type == "text"}
    free_choice = said.columns - compared
    mapping: dict[int, int] = {}
    for column in sorted(used(query), key=lambda column: (column in free_choice, column)):
        old = columns.all[column]
        fits = [
            other
            for other in target.like(old)
            if other not in mapping.values()
            and (column in free_choice or mean_the_same(old, target.all[other]))
        ]
        if not fits:
            return None
        mapping[column] = fits[int(generator.integers(len(fits)))]
    return mapping


def mean_the_same(one: Column, other: Column) -> bool:
    """Whether a question that implies the one would imply the other in its table, for columns of one kind."""
    if one.name == other.name:
        return True
    if one.type == "real" or one.kind == "date":
        return False
    common = len(one.members & other.members)
    if common >= COMMON * (len(one.members) + len(other.members) - common):
        return True
    return one.kind == "words" and float(one.profile @ other.profile) >= SIMILAR


def _tells_the_table(text: str, said: Spoken, title: str, other: str) -> bool:
    """Whether the question repeats a piece of its table's title that the other title does not have."""
    for start, end in sorted(filter(None, said.values), reverse=True):
        text = text[:start] + "\n" + text[end:]
    pieces = {title[start : start + PIECE] for start in range(len(title) - PIECE + 1)}
    return any(piece in text and piece not in other for piece in pieces)
