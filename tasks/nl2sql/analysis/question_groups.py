"""Divide questions into groups, by their label and by their table, for the scores of each group."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tasks.nl2sql.analysis import table_groups
from tasks.nl2sql.analysis.evaluation import EvaluatedPart
from tasks.nl2sql.analysis.table_groups import EXPOSURES
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, OPERATORS, Query, Table, canonical

MOST_GROUPS = 12
"""Groups of a grouping without an order of its own; the questions of all others are one more."""
OTHERS = "others"
NUMBERS = ("0", "1", "2", "3", "4 and more")
"""Groups by number of conditions."""

Namer = Callable[[EvaluatedPart], list[str]]


class Grouping(NamedTuple):
    """A way to divide questions."""

    title: str
    """What a group is."""
    caption: str
    names: list[str]
    """The groups that have questions, in reading order."""
    of: list[list[str]]
    """For each evaluated part, the group of each question."""


def by_label(parts: Sequence[EvaluatedPart]) -> list[Grouping]:
    """Groupings by the labelled query."""
    connected = "By the connector of the conditions; “one column”: two of them are on the same column."
    content = (
        "By the content of the compared columns; percent: more than half of a column's cells end with %."
    )
    return [
        _grouping("conditions", "By number of conditions.", parts, _of_labels(number), NUMBERS),
        _grouping("connector", connected, parts, _of_labels(connection)),
        _grouping("operators", "By operators of the conditions.", parts, _of_labels(operators)),
        _grouping("compared columns", content, parts, compared_columns),
        _grouping("selected", "By the aggregates of the selected columns.", parts, _of_labels(selection)),
    ]


def by_table(parts: Sequence[EvaluatedPart]) -> list[Grouping]:
    """Groupings by the table of the question."""
    tables = table_groups.families(table for part in parts for table in part.by_id.values())
    exposed = "By whether the table or its headings were in the training data of the models that answered."
    columns = "By the content of more than half of the columns."
    shared = "By whether other tables have the same headings."
    family = (
        "By family: tables with the same headings, named by the ending that their titles share; "
        "any other table by its title, with # for numbers."
    )
    exposure = _grouping("table", exposed, parts, lambda part: part.exposure, EXPOSURES)
    sharing = _grouping("headings", shared, parts, _of_tables(tables.sharing), table_groups.SHARING)
    return [
        exposure,
        sharing,
        crossed(sharing, exposure),
        _grouping("family", family, parts, _of_tables(tables.name)),
        _grouping("most columns", columns, parts, _of_tables(table_groups.content), table_groups.CONTENTS),
        _grouping("columns", "By width.", parts, _of_tables(table_groups.width), table_groups.WIDTHS),
    ]


def crossed(first: Grouping, second: Grouping) -> Grouping:
    """Each group of the one divided by the other."""
    pairs = zip(first.of, second.of, strict=True)
    of = [list(map("; ".join, zip(*groups, strict=True))) for groups in pairs]
    present = {name for names in of for name in names}
    names = [f"{one}; {other}" for one in first.names for other in second.names]
    title = f"{first.title}; {second.title}"
    return Grouping(title, "By both.", [name for name in names if name in present], of)


def _grouping(
    title: str, caption: str, parts: Sequence[EvaluatedPart], namer: Namer, names: Sequence[str] = ()
) -> Grouping:
    """Groups in the order of `names`; without names the most frequent first."""
    of = [namer(part) for part in parts]
    counts = Counter(name for groups in of for name in groups)
    if names:
        return Grouping(title, caption, [name for name in names if counts[name]], of)
    kept = [name for name, _ in counts.most_common(MOST_GROUPS)]
    if len(kept) == len(counts):
        return Grouping(title, caption, kept, of)
    merged = [[name if name in kept else OTHERS for name in groups] for groups in of]
    return Grouping(title, caption, [*kept, OTHERS], merged)


def _of_labels(name: Callable[[Query], str]) -> Namer:
    return lambda part: [name(canonical(query)) for query in part.gold]


def _of_tables(name: Callable[[Table], str]) -> Namer:
    def of(part: EvaluatedPart) -> list[str]:
        names = {id: name(table) for id, table in part.by_id.items()}
        return [names[table.id] for table in part.tables]

    return of


def compared_columns(part: EvaluatedPart) -> list[str]:
    """The contents of the columns of the conditions, each kind once."""
    contents = {id: table_groups.column_contents(table) for id, table in part.by_id.items()}
    return [
        ", ".join(sorted({contents[table.id][each.column] for each in query.conditions})) or "none"
        for query, table in zip(part.gold, part.tables, strict=True)
    ]


def number(query: Query) -> str:
    """The group of its number of conditions, of `NUMBERS`."""
    return NUMBERS[min(len(query.conditions), len(NUMBERS) - 1)]


def connection(query: Query) -> str:
    """The connector of its conditions, and whether two are on one column."""
    columns = [condition.column for condition in query.conditions]
    if len(columns) < 2:
        return "one condition" if columns else "no condition"
    return CONNECTORS[query.connector] + (", one column" if len(set(columns)) < len(columns) else "")


def operators(query: Query) -> str:
    """The operators of its conditions, each once."""
    used = {condition.operator for condition in query.conditions}
    return ", ".join(OPERATORS[operator] for operator in sorted(used)) or "none"


def selection(query: Query) -> str:
    """The aggregates of its selected columns."""
    return ", ".join(AGGREGATES[aggregate] or "a column" for _, aggregate in query.select)
