"""Make further training questions from labelled ones by replacing values and columns.

Both are pure functions of their arguments and of the state of the generator. Only literal matches are
replaced, in the question and in its query; if the result would be ambiguous, the question is returned
unchanged.
"""

from collections.abc import Collection, Mapping, Sequence

from numpy.random import Generator

from tasks.nl2sql.augmentation.column_statistics import TableStatistics
from tasks.nl2sql.augmentation.literal_mentions import LiteralMatches, NameMatch, literal_matches
from tasks.nl2sql.query.schema import Condition, Query, Question

TRIES = 8
"""Most cells drawn for a value until one is new."""


def swap_values(question: Question, table: TableStatistics, generator: Generator) -> Question:
    """The question with its values replaced by other cells of the same columns.

    Numbers keep their form: as many digits before the point, and `%` if they had it.
    """
    query = question.query
    if query is None:
        return question
    matches = literal_matches(question.text, query, table)
    redrawn = {
        number
        for number, (column, _, value) in enumerate(query.conditions)
        if matches.values[number] and len(table.columns[column].replacements(value)) > 1
    }
    same = {column: column for column in query.columns}
    return replaced(question, matches, table, same, redrawn=redrawn, generator=generator) or question


def rename_columns(question: Question, table: TableStatistics, generator: Generator) -> Question:
    """The question with the columns that it names replaced by others whose cells are of the same kind.

    Values compared with such a column become cells of the new one. Text columns are replaced only where they
    are selected, for the wording of a condition depends on the value: 位于 fits no company. The question
    is unchanged if the query has a `real` column that the question does not name, for one name may then stand
    for two columns.
    """
    query = question.query
    if query is None:
        return question
    matches, used = literal_matches(question.text, query, table), query.columns
    if any(table.columns[each].type == "real" and each not in matches.columns for each in used):
        return question
    fixed = {each.column for each in query.conditions if table.columns[each.column].type == "text"}
    renamed = _renamed(matches.columns & used - fixed, table, used | matches.columns, generator)
    redrawn = {number for number, each in enumerate(query.conditions) if each.column in renamed}
    if not renamed or any(matches.values[number] is None for number in redrawn):
        return question
    mapping = {column: renamed.get(column, column) for column in used}
    return replaced(question, matches, table, mapping, redrawn=redrawn, generator=generator) or question


def replaced(
    question: Question,
    matches: LiteralMatches,
    target: TableStatistics,
    mapping: Mapping[int, int],
    *,
    redrawn: Collection[int],
    generator: Generator,
) -> Question | None:
    """The question about the columns of the table `target` that its own are mapped to.

    The name of a column becomes that of the new one. The conditions numbered in `redrawn` get values drawn
    from their new columns. None if a column has no cell to draw or if the new question is ambiguous: it has
    a value twice, or names a column where the old one named none.
    """
    assert question.query is not None
    conditions = _conditions(question.query.conditions, target, mapping, redrawn, generator)
    same_table = target.id == question.table
    changed = [each for each in matches.names if not same_table or mapping.get(each[2], each[2]) != each[2]]
    names = _names(changed, target, mapping, generator)
    if conditions is None or names is None:
        return None
    values = [(span, conditions[number].value) for number, span in enumerate(matches.values) if span]
    text = _edited(question.text, names + [(*span, value) for span, value in values])
    select = tuple((mapping[column], aggregate) for column, aggregate in question.query.select)
    made = Query(select, question.query.connector, tuple(conditions))
    now = literal_matches(text, made, target)
    expected = [mapping.get(match.column, match.column) for match in matches.names]
    all_found = all(after for before, after in zip(matches.values, now.values, strict=True) if before)
    if not all_found or [match.column for match in now.names] != expected:
        return None
    return Question(question.id, text, target.id, made)


def _renamed(
    named: set[int], table: TableStatistics, taken: set[int], generator: Generator
) -> dict[int, int]:
    """Another column for each of those for which the table has one; no two the same."""
    renamed: dict[int, int] = {}
    for column in sorted(named):
        unavailable = {*taken, *renamed.values()}
        others = [each for each in table.of_same_kind(table.columns[column]) if each not in unavailable]
        if others:
            renamed[column] = others[int(generator.integers(len(others)))]
    return renamed


def _conditions(
    conditions: Sequence[Condition],
    target: TableStatistics,
    mapping: Mapping[int, int],
    redrawn: Collection[int],
    generator: Generator,
) -> list[Condition] | None:
    """The conditions on their new columns; None if one has no value left to draw."""
    made: list[Condition] = []
    for number, (old, operator, value) in enumerate(conditions):
        if number in redrawn:
            column = target.columns[mapping[old]]
            choices = (column.replacements(value) if mapping[old] == old else []) or column.usable
            replacement = _draw(choices, {value, *(each.value for each in made)}, generator)
            if replacement is None:
                return None
            value = replacement
        made.append(Condition(mapping[old], operator, value))
    return made


def _names(
    matches: Sequence[NameMatch], target: TableStatistics, mapping: Mapping[int, int], generator: Generator
) -> list[tuple[int, int, str]] | None:
    """Start, end and new name of each name to be replaced; None if the new table has no name for one."""
    edits = []
    for start, end, column in matches:
        if mapping.get(column) not in target.names_for_questions:
            return None
        names = target.names_for_questions[mapping[column]]
        edits.append((start, end, names[int(generator.integers(len(names)))]))
    return edits


def _draw(cells: Sequence[str], excluded: set[str], generator: Generator) -> str | None:
    """A cell that is not excluded; None if `TRIES` draws find none."""
    for _ in range(TRIES if cells else 0):
        cell = cells[int(generator.integers(len(cells)))]
        if cell not in excluded:
            return cell
    return None


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    parts, end = [], 0
    for start, stop, new in sorted(edits):
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])
