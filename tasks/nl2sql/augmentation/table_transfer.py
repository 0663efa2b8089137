"""Transfer a question from its table to another one."""

from collections.abc import Sequence

from numpy.random import Generator

from tasks.nl2sql.augmentation.column_statistics import ColumnStatistics, TableStatistics
from tasks.nl2sql.augmentation.literal_mentions import LiteralMatches, literal_matches
from tasks.nl2sql.augmentation.swaps import replaced
from tasks.nl2sql.query.schema import Query, Question

TRIES = 4
"""Tables tried for a question."""
LEAST_COMMON, LEAST_COSINE = 0.5, 0.9
"""Least share of common cells, and least cosine of the character histograms, of columns of one meaning."""
TITLE_CHARACTERS = 3
"""Length of a piece of the title that a question may not repeat unless the new title has it too."""


class TransferTargets:
    """Tables that questions may be transferred to; each header is drawn equally often."""

    def __init__(self, tables: Sequence[TableStatistics]) -> None:
        by_header: dict[tuple[str, ...], list[TableStatistics]] = {}
        for table in tables:
            by_header.setdefault(table.header, []).append(table)
        self._groups = list(by_header.values())

    def draw(self, generator: Generator) -> TableStatistics:
        group = self._groups[int(generator.integers(len(self._groups)))]
        return group[int(generator.integers(len(group)))]


def transfer(
    question: Question, table: TableStatistics, targets: TransferTargets, generator: Generator
) -> Question:
    """The question about one of the tables, with that table's names and cells; or the question unchanged.

    A column that the question names becomes any column of the same kind; one that it only implies, as 在厦门
    does a city, and a text column that it compares become a column of the same meaning, by its name or its
    cells. All values become cells of their new columns.
    """
    query = question.query
    if query is None:
        return question
    matches = literal_matches(question.text, query, table)
    if not all(matches.values):
        return question
    for _ in range(TRIES):
        target = targets.draw(generator)
        if target.id != table.id and not _repeats_title(question.text, matches, table.title, target.title):
            mapping = _mapping(query, matches.columns, table, target, generator)
            every = range(len(query.conditions))
            if mapping:
                made = replaced(question, matches, target, mapping, redrawn=every, generator=generator)
                if made:
                    return made
    return question


def _mapping(
    query: Query, named: set[int], table: TableStatistics, target: TableStatistics, generator: Generator
) -> dict[int, int] | None:
    """A column of the new table for each of the query; None if one has none. The question names some."""
    compared = {each.column for each in query.conditions if table.columns[each.column].type == "text"}
    free_choice = named - compared
    mapping: dict[int, int] = {}
    for column in sorted(query.columns, key=lambda column: (column in free_choice, column)):
        old = table.columns[column]
        fits = [other for other in target.of_same_kind(old) if other not in mapping.values()]
        if column not in free_choice:
            fits = [other for other in fits if have_one_meaning(old, target.columns[other])]
        if not fits:
            return None
        mapping[column] = fits[int(generator.integers(len(fits)))]
    return mapping


def have_one_meaning(one: ColumnStatistics, other: ColumnStatistics) -> bool:
    """Whether a question that implies one column would imply the other in its table; both are of one kind."""
    if one.name == other.name:
        return True
    if one.type == "real" or one.kind == "date":
        return False
    common = len(one.cell_set & other.cell_set)
    if common >= LEAST_COMMON * (len(one.cell_set) + len(other.cell_set) - common):
        return True
    if one.kind != "words":
        return False
    return float(one.character_histogram @ other.character_histogram) >= LEAST_COSINE


def _repeats_title(text: str, matches: LiteralMatches, title: str, other: str) -> bool:
    """Whether the question repeats a piece of its table's title that the other title does not have."""
    for start, end in sorted(filter(None, matches.values), reverse=True):
        text = text[:start] + "\n" + text[end:]
    pieces = {title[start : start + TITLE_CHARACTERS] for start in range(len(title) - TITLE_CHARACTERS + 1)}
    return any(piece in text and piece not in other for piece in pieces)
