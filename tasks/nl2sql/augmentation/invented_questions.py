"""Questions invented about a table, with their queries, for aggregates and operators that labels lack.

A contest may label little of what its test asks: nearly all of RETQA's questions compare
with `==`. Patterns (`tasks.nl2sql.augmentation.question_patterns`) and the table's own names and cells give
questions of every kind, from which a network learns what 平均 or 超过 mean to a query.
"""

import math
from collections.abc import Sequence
from random import Random

from numpy.random import Generator

from tasks.nl2sql.augmentation import question_patterns as patterns
from tasks.nl2sql.augmentation.column_statistics import ColumnStatistics, TableStatistics
from tasks.nl2sql.query.schema import (
    AND,
    AVG,
    COUNT,
    EQUAL,
    GREATER,
    LESS,
    MAX,
    MIN,
    NONE,
    OR,
    SUM,
    UNEQUAL,
    Condition,
    Query,
    Question,
)
from tasks.nl2sql.synthetic.phrasing import alternative_form, fill

COUNTS = (0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3)
"""Numbers of conditions, each drawn equally often."""
CONNECTORS = (AND, AND, OR)
SAME_COLUMN_SHARE = 0.3
"""Of questions with several conditions: the second is on the column of the first."""
TWO_COLUMNS_SHARE = 0.1
"""Of questions with conditions that select without aggregate: they ask for two columns."""
ALTERNATIVE_SHARE = 0.1
"""Of numbers: written in another form than the cell."""
UNIT_SHARE = 0.5
"""Of numbers whose column has a unit in brackets: followed by it."""
IMPLIED_SHARE = 0.25
"""Of conditions that a text of two characters or more equals a cell: they do not name its column."""
CELL_SHARE = 0.5
"""Of bounds: a cell; the others are rounded to two digits."""

_ON_NUMBERS = (GREATER, GREATER, LESS, LESS, EQUAL, UNEQUAL)
_ON_TEXT = (EQUAL, EQUAL, EQUAL, UNEQUAL)
_OF_NUMBERS = (NONE, NONE, AVG, MAX, MIN, SUM)
_OF_TEXT = (NONE, NONE, COUNT)


def invented(question: Question, table: TableStatistics, generator: Generator) -> Question:
    """A question about the same table in place of this one; the same if no column has names and cells.

    A pure function of its arguments and of the state of the generator.
    """
    random = Random(int(generator.integers(2**62)))
    usable = [place for places in table.by_kind.values() for place in places]
    if not usable:
        return question
    connector, conditions = _conditions(table, sorted(usable), random)
    compared = {each.column for each in conditions}
    free = [place for place in table.names_for_questions if place not in compared] or sorted(compared)
    select = _select(table, sorted(free), bool(conditions), random)
    text = _text(table, select, connector, conditions, random)
    return Question(question.id, text, table.id, Query(select, connector, tuple(conditions)))


def _conditions(table: TableStatistics, usable: Sequence[int], random: Random) -> tuple[int, list[Condition]]:
    """A connector and conditions, each value once."""
    made: list[Condition] = []
    count = min(random.choice(COUNTS), len(usable))
    connector = random.choice(CONNECTORS) if count > 1 else NONE
    columns = random.sample(usable, count)
    if count > 1 and random.random() < SAME_COLUMN_SHARE:
        columns[1] = columns[0]
    for place in columns:
        column = table.columns[place]
        operators = _ON_NUMBERS if column.usable_numbers else _ON_TEXT
        value = _value(column, operator := random.choice(operators), random)
        if value not in {each.value for each in made}:
            made.append(Condition(place, operator, value))
    return (connector if len(made) > 1 else NONE), made


def _value(column: ColumnStatistics, operator: int, random: Random) -> str:
    cell = random.choice(column.usable_numbers or column.usable)
    if operator in (EQUAL, UNEQUAL) or random.random() < CELL_SHARE:
        return cell
    sign = "%" * cell.endswith("%")
    number = float(cell.removesuffix("%")) * random.uniform(0.5, 1.5)
    if not number:
        return cell
    rounded = round(number, 1 - math.floor(math.log10(abs(number))))
    return (str(int(rounded)) if rounded.is_integer() else str(rounded)) + sign


def _select(
    table: TableStatistics, free: Sequence[int], conditional: bool, random: Random
) -> tuple[tuple[int, int], ...]:
    """The selected columns with their aggregates; several have none."""
    place = random.choice(free)
    aggregate = random.choice(_OF_NUMBERS if table.columns[place].usable_numbers else _OF_TEXT)
    others = [each for each in free if each != place]
    if conditional and others and aggregate == NONE and random.random() < TWO_COLUMNS_SHARE:
        return ((place, NONE), (random.choice(others), NONE))
    return ((place, aggregate),)


def _text(
    table: TableStatistics,
    select: Sequence[tuple[int, int]],
    connector: int,
    conditions: Sequence[Condition],
    random: Random,
) -> str:
    values = {"c": _clause(table, connector, conditions, random)}
    for name, (place, _) in zip("ho", select, strict=False):
        values[name] = random.choice(table.names_for_questions[place])
        values["q"] = "是多少" if table.columns[place].usable_numbers else "是什么"
    of = patterns.SELECT if conditions else patterns.SELECT_OF_ALL
    pattern = patterns.SELECT_TWO if len(select) > 1 else of[select[0][1]]
    opening, closing = (fill(each, {}, random) for each in (patterns.OPENING, patterns.CLOSING))
    return opening + fill(pattern, values, random) + closing


def _clause(table: TableStatistics, connector: int, conditions: Sequence[Condition], random: Random) -> str:
    parts: list[str] = []
    for number, (place, operator, value) in enumerate(conditions):
        column = table.columns[place]
        further = number > 0 and conditions[number - 1].column == place
        if number:
            between = patterns.FURTHER_CONNECTOR if further else patterns.CONNECTOR
            parts.append(fill(between[connector], {}, random))
        if column.usable_numbers:
            pattern = (patterns.FURTHER_ON_NUMBERS if further else patterns.CONDITION_ON_NUMBERS)[operator]
        else:
            pattern = (patterns.FURTHER_ON_TEXT if further else patterns.CONDITION_ON_TEXT)[operator]
        values = {"h": random.choice(table.names_for_questions[place]), "u": _unit(column, value, random)}
        values["v"] = _written(value, column, random)
        parts.append(
            values["v"] if _is_implied(column, operator, value, random) else fill(pattern, values, random)
        )
    return "".join(parts)


def _is_implied(column: ColumnStatistics, operator: int, value: str, random: Random) -> bool:
    """Whether the value alone states the condition, as 海州 a city."""
    tells = operator == EQUAL and column.kind in ("words", "date") and len(value) > 1
    return tells and random.random() < IMPLIED_SHARE


def _written(value: str, column: ColumnStatistics, random: Random) -> str:
    """The value as the question writes it."""
    if column.usable_numbers and not value.startswith("-") and random.random() < ALTERNATIVE_SHARE:
        kind = "percent" if value.endswith("%") else "number"
        if len(value.partition(".")[0]) <= 12:
            return alternative_form(value, kind, random)
    return value


def _unit(column: ColumnStatistics, value: str, random: Random) -> str:
    if not column.unit or not column.usable_numbers or value.endswith("%"):
        return ""
    return column.unit if random.random() < UNIT_SHARE else ""
