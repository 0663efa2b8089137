"""Questions in classes, for the scores of each class: by their label, and by their table."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tasks.nl2sql.analysis import table_groups
from tasks.nl2sql.analysis.evaluation import Outcome, by_id
from tasks.nl2sql.analysis.table_groups import EXPOSURES
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, OPERATORS, Query, Table
from tasks.nl2sql.query.serialization import canonical

MOST_CLASSES = 12
"""Of a division without an order of its own; the questions of all others are one more."""
OTHERS = "others"
NUMBERS = ("0", "1", "2", "3", "4 and more")
"""Classes by number of conditions."""

Namer = Callable[[Outcome], list[str]]


class Classes(NamedTuple):
    """A way to divide questions."""

    title: str
    """What a class is."""
    caption: str
    names: list[str]
    """Those that have questions, in reading order."""
    of: list[list[str]]
    """For each outcome, the class of each question."""


def by_label(outcomes: Sequence[Outcome]) -> list[Classes]:
    """By what is asked."""
    connected = "By what connects the conditions; “one column”: two of them compare the same."
    compared = "By what the compared columns hold; percent: more than half of a column's cells end with %."
    return [
        _classes("conditions", "By number of conditions.", outcomes, _of_labels(number), NUMBERS),
        _classes("connector", connected, outcomes, _of_labels(connection)),
        _classes("operators", "By operators of the conditions.", outcomes, _of_labels(operators)),
        _classes("compared columns", compared, outcomes, compared_columns),
        _classes("selected", "By what is selected.", outcomes, _of_labels(selection)),
    ]


def by_table(outcomes: Sequence[Outcome]) -> list[Classes]:
    """By the table that is asked of."""
    tables = table_groups.families(table for outcome in outcomes for table in by_id(outcome).values())
    learned = "By what the models that answered had learned of the table."
    columns = "By what more than half of the columns hold."
    shared = "By whether the table's headings are those of other tables too."
    family = (
        "By family: tables with the same headings, called by the ending that their titles share; "
        "any other table by its title, with # for numbers."
    )
    exposure = _classes("table", learned, outcomes, lambda outcome: outcome.exposure, EXPOSURES)
    sharing = _classes("headings", shared, outcomes, _of_tables(tables.sharing), table_groups.SHARING)
    return [
        exposure,
        sharing,
        crossed(sharing, exposure),
        _classes("family", family, outcomes, _of_tables(tables.name)),
        _classes("most columns", columns, outcomes, _of_tables(table_groups.content), table_groups.CONTENTS),
        _classes("columns", "By width.", outcomes, _of_tables(table_groups.width), table_groups.WIDTHS),
    ]


def crossed(first: Classes, second: Classes) -> Classes:
    """Each class of the one divided by the other."""
    names = [f"{one}; {other}" for one in first.names for other in second.names]
    of = [
        [f"{one}; {other}" for one, other in zip(*pair, strict=True)]
        for pair in zip(first.of, second.of, strict=True)
    ]
    found = {name for own in of for name in own}
    return Classes(
        f"{first.title}; {second.title}", "By both.", [name for name in names if name in found], of
    )


def _classes(
    title: str, caption: str, outcomes: Sequence[Outcome], namer: Namer, names: Sequence[str] = ()
) -> Classes:
    """Where the names have no order of their own, the most frequent come first."""
    of = [namer(outcome) for outcome in outcomes]
    counts = Counter(name for own in of for name in own)
    if names:
        return Classes(title, caption, [name for name in names if counts[name]], of)
    kept = [name for name, _ in counts.most_common(MOST_CLASSES)]
    if len(kept) == len(counts):
        return Classes(title, caption, kept, of)
    told = [[name if name in kept else OTHERS for name in own] for own in of]
    return Classes(title, caption, [*kept, OTHERS], told)


def _of_labels(name: Callable[[Query], str]) -> Namer:
    return lambda outcome: [name(canonical(query)) for query in outcome.gold]


def _of_tables(name: Callable[[Table], str]) -> Namer:
    def of(outcome: Outcome) -> list[str]:
        names = {id: name(table) for id, table in by_id(outcome).items()}
        return [names[table.id] for table in outcome.tables]

    return of


def compared_columns(outcome: Outcome) -> list[str]:
    """What the columns of the conditions hold, each kind once."""
    known = {id: table_groups.column_contents(table) for id, table in by_id(outcome).items()}
    return [
        ", ".join(sorted({known[table.id][each.column] for each in query.conditions})) or "none"
        for query, table in zip(outcome.gold, outcome.tables, strict=True)
    ]


def number(query: Query) -> str:
    """The class of its number of conditions."""
    return NUMBERS[min(len(query.conditions), len(NUMBERS) - 1)]


def connection(query: Query) -> str:
    """What connects its conditions, and whether two are on one column."""
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
