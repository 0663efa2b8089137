"""Further training questions made from labelled ones: values exchanged, and columns.

Both are pure functions of their arguments and of the state of the generator. Only what stands in a question
word for word is exchanged, in the question and in its query; where that cannot be done without doubt, the
question comes back as it was.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from tasks.nl2sql.augmentation.column_statistics import Columns
from tasks.nl2sql.augmentation.literal_mentions import Mention, Spoken, spoken
from tasks.nl2sql.query.schema import Condition, Query, Question

TRIES = 8
"""Cells drawn for a value until one is new."""


def swap_values(question: Question, columns: Columns, generator: np.random.Generator) -> Question:
    """The question with other cells of the same columns for its values.

    Numbers keep their form: as many digits before the point, and `%` if they had it.
    """
    query = question.query
    if query is None:
        return question
    said = spoken(question.text, query, columns)
    redrawn = {
        number
        for number, (column, _, value) in enumerate(query.conditions)
        if said.values[number] and len(columns.all[column].like(value)) > 1
    }
    same = {column: column for column in used(query)}
    return exchange(question, said, columns, same, redrawn=redrawn, generator=generator) or question


def rename_columns(question: Question, columns: Columns, generator: np.random.Generator) -> Question:
    """The question about other columns of like cells, for those of its columns that it names.

    Values compared with such a column become cells of the new one. Columns of words are exchanged only where
    they are asked for, for how one speaks of a value tells what it is: 位于 fits no company. Nothing is done
    if the query has a `real` column that the question does not name, for then it may name two in one.
    """
    query = question.query
    if query is None:
        return question
    said, columns_used = spoken(question.text, query, columns), used(query)
    if any(columns.all[each].type == "real" and each not in said.columns for each in columns_used):
        return question
    fixed = {each.column for each in query.conditions if columns.all[each.column].type == "text"}
    renamed = _renamed(said.columns & columns_used - fixed, columns, columns_used | said.columns, generator)
    redrawn = {number for number, each in enumerate(query.conditions) if each.column in renamed}
    if not renamed or any(said.values[number] is None for number in redrawn):
        return question
    mapping = {column: renamed.get(column, column) for column in columns_used}
    return exchange(question, said, columns, mapping, redrawn=redrawn, generator=generator) or question


def used(query: Query) -> set[int]:
    """The columns that a query selects or compares."""
    return {column for column, _ in query.select} | {each.column for each in query.conditions}


def exchange(
    question: Question,
    said: Spoken,
    target: Columns,
    mapping: Mapping[int, int],
    *,
    redrawn: Collection[int],
    generator: np.random.Generator,
) -> Question | None:
    """Ask the question of the columns that those of its query are mapped to, in the table `target`.

    Mentions of a column become the new one's name. The conditions numbered in `redrawn` get values drawn
    from their new columns. None if a column has no cell to draw or if the new question is ambiguous: it
    holds a value twice, or names a column that the old one named nothing for.
    """
    assert question.query is not None
    conditions = _conditions(question.query.conditions, target, mapping, redrawn, generator)
    names = _names(said.mentions, target, mapping, here=target.id == question.table, generator=generator)
    if conditions is None or names is None:
        return None
    values = [(span, conditions[number].value) for number, span in enumerate(said.values) if span]
    text = _edited(question.text, names + [(*span, value) for span, value in values])
    select = tuple((mapping[column], aggregate) for column, aggregate in question.query.select)
    made = Query(select, question.query.connector, tuple(conditions))
    now = spoken(text, made, target)
    expected = [mapping.get(mention.column, mention.column) for mention in said.mentions]
    held = all(after for before, after in zip(said.values, now.values, strict=True) if before)
    if not held or [mention.column for mention in now.mentions] != expected:
        return None
    return Question(question.id, text, target.id, made)


def _renamed(
    named: set[int], columns: Columns, taken: set[int], generator: np.random.Generator
) -> dict[int, int]:
    """Another column for each of those that the table has one for; no two the same."""
    renamed: dict[int, int] = {}
    for column in sorted(named):
        others = [
            other
            for other in columns.like(columns.all[column])
            if other not in taken and other not in renamed.values()
        ]
        if others:
            renamed[column] = others[int(generator.integers(len(others)))]
    return renamed


def _conditions(
    conditions: Sequence[Condition],
    target: Columns,
    mapping: Mapping[int, int],
    redrawn: Collection[int],
    generator: np.random.Generator,
) -> list[Condition] | None:
    """The conditions on their new columns; None if one has no value left to draw."""
    made: list[Condition] = []
    for number, (old, operator, value) in enumerate(conditions):
        if number in redrawn:
            column = target.all[mapping[old]]
            choices = (column.like(value) if mapping[old] == old else []) or column.usable
            drawn = _drawn(choices, {value, *(each.value for each in made)}, generator)
            if drawn is None:
                return None
            value = drawn
        made.append(Condition(mapping[old], operator, value))
    return made


def _names(
    mentions: Sequence[Mention],
    target: Columns,
    mapping: Mapping[int, int],
    *,
    here: bool,
    generator: np.random.Generator,
) -> list[tuple[int, int, str]] | None:
    """Start, end and new name of each mention to be replaced; None if the new table has nothing for one."""
    edits = []
    for start, end, column in mentions:
        if here and mapping.get(column, column) == column:
            continue
        if mapping.get(column) not in target.called:
            return None
        names = target.called[mapping[column]]
        edits.append((start, end, names[int(generator.integers(len(names)))]))
    return edits


def _drawn(cells: Sequence[str], but: set[str], generator: np.random.Generator) -> str | None:
    """Any of the cells but those; None if a few draws find none."""
    for _ in range(TRIES if cells else 0):
        cell = cells[int(generator.integers(len(cells)))]
        if cell not in but:
            return cell
    return None


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    parts, end = [], 0
    for start, stop, new in sorted(edits):
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])
