"""Conditions of the demo's questions: drawn so that some row fulfils them, with their wording."""

import math
from collections.abc import Sequence
from random import Random

from tasks.nl2sql.query.schema import AND, EQUAL, GREATER, LESS, NONE, OR, UNEQUAL, Cell, Condition
from tasks.nl2sql.synthetic.contests import Contest
from tasks.nl2sql.synthetic.phrasing import alternative_form, fill
from tasks.nl2sql.synthetic.tables import DemoColumn, DemoTable, cell_text
from tasks.nl2sql.synthetic.templates import CONDITION, CONNECTOR, FURTHER_CONDITION, FURTHER_CONNECTOR

COUNTS = (1, 1, 1, 1, 2, 2, 2, 3)
SAME_COLUMN_SHARE = 0.35
"""Of questions with several conditions: two are on one column."""
ALTERNATIVE_SHARE = 0.15
"""Of values: written in another form than the cell."""
SYNONYM_SHARE = 0.15
"""Of names of columns: taken from the header of another table."""
UNIT_SHARE = 0.6
"""Of numbers: followed by their unit."""
CELL_SHARE = 0.5
"""Of bounds: the value of another cell; the others are rounded."""

ORDERED = ("date", "year")
"""Kinds of text whose order is that of what they mean."""

_OPERATORS = {
    "text": (EQUAL, EQUAL, EQUAL, UNEQUAL),
    "real": (GREATER, GREATER, GREATER, LESS, LESS, LESS, EQUAL, UNEQUAL),
}


def where_clause(demo: DemoTable, contest: Contest, random: Random) -> tuple[int, tuple[Condition, ...], str]:
    """A connector, one to three conditions, and their wording.

    Some row fulfils the conditions, unless percentages are compared as text.
    """
    count = random.choice(COUNTS)
    connector = NONE if count == 1 else random.choice((AND, AND, OR))
    columns = random.sample(range(len(demo.columns)), count)
    rows = [row for row in demo.table.rows if all(row[column] not in ("", None) for column in columns)]
    if not rows:
        connector, columns, rows = NONE, [demo.key], list(demo.table.rows)
    row = random.choice(rows)
    conditions: list[Condition] = []
    if len(columns) > 1 and random.random() < SAME_COLUMN_SHARE:
        conditions = _pair(demo, columns[0], row[columns[0]], connector, random)
    for column in columns[len(conditions) :]:
        conditions.append(_single(demo, column, row[column], contest, random))
    return connector, tuple(conditions), _text(demo, conditions, connector, random)


def column_name(column: DemoColumn, random: Random) -> str:
    """The name of a column in a question."""
    if random.random() < SYNONYM_SHARE:
        return random.choice(column.field.headers.split("|"))
    return column.name


def _single(demo: DemoTable, column: int, cell: Cell, contest: Contest, random: Random) -> Condition:
    if _is_by_size(demo, column, contest, random):
        return _later_or_earlier(demo, column, str(cell), random)
    operator = random.choice(_OPERATORS[demo.columns[column].meaning])
    value = _value(demo, column, cell, operator, random)
    return Condition(column, EQUAL, cell_text(cell)) if value is None else Condition(column, operator, value)


def _is_by_size(demo: DemoTable, column: int, contest: Contest, random: Random) -> bool:
    """Whether a condition asks which text of a column is greater; draws nothing where none ever does."""
    is_time = demo.columns[column].field.kind in ORDERED
    return is_time and contest.text_by_size > 0 and random.random() < contest.text_by_size


def _later_or_earlier(demo: DemoTable, column: int, cell: str, random: Random) -> Condition:
    """A condition that the cell fulfils as a text; its value is another cell, or a new one of the kind."""
    make = demo.columns[column].field.make
    assert make is not None
    others = _other_values(demo, column, cell) if random.random() < CELL_SHARE else []
    value = random.choice(others) if others else make(random)
    while value == cell:
        value = make(random)
    return Condition(column, GREATER if cell > value else LESS, value)


def _pair(demo: DemoTable, column: int, cell: Cell, connector: int, random: Random) -> list[Condition]:
    """Two conditions on one column; none if there are no values for two."""
    if demo.columns[column].meaning == "real":
        more = _value(demo, column, cell, GREATER, random)
        bound, operator = (cell, LESS) if connector == AND else (more, GREATER)
        less = _value(demo, column, bound, operator, random)
        pair = [(GREATER, more), (LESS, less)]
    elif connector == AND:
        values = _other_values(demo, column, cell)
        pair = [(UNEQUAL, other) for other in random.sample(values, min(2, len(values)))]
    else:
        pair = [(EQUAL, cell_text(cell)), (EQUAL, _value(demo, column, cell, UNEQUAL, random))]
    random.shuffle(pair)
    found = [Condition(column, operator, value) for operator, value in pair if value is not None]
    return found if len(found) == 2 else []


def _value(demo: DemoTable, column: int, cell: Cell, operator: int, random: Random) -> str | None:
    """A value for which the cell fulfils the condition; None if there is none."""
    if operator == EQUAL or cell is None:
        return None if cell is None else cell_text(cell)
    if operator == UNEQUAL:
        choices = _other_values(demo, column, cell)
        return random.choice(choices) if choices else None
    number, sign = _number(cell), "%" * str(cell).endswith("%")
    if random.random() < CELL_SHARE:
        values = [_number(other) for other in _other_values(demo, column, cell)]
    else:
        share = random.uniform(0.4, 0.95)
        values = [_rounded(number * share if operator == GREATER else number / share)]
    most = demo.columns[column].field.high or 100
    fit = [value for value in values if (value < number if operator == GREATER else number < value <= most)]
    return cell_text(random.choice(fit)) + sign if fit else None


def _other_values(demo: DemoTable, column: int, cell: Cell) -> list[str]:
    """The other values of the column, each once."""
    found = dict.fromkeys(row[column] for row in demo.table.rows if row[column] not in ("", None, cell))
    return [cell_text(other) for other in found]


def _number(cell: Cell) -> float:
    return float(str(cell).rstrip("%"))


def _rounded(number: float) -> float:
    """Rounded to two digits."""
    return round(number, 1 - math.floor(math.log10(number))) if number > 0 else 0.0


def _text(demo: DemoTable, conditions: Sequence[Condition], connector: int, random: Random) -> str:
    parts: list[str] = []
    for place, (column, operator, value) in enumerate(conditions):
        field = demo.columns[column].field
        further = bool(place) and conditions[place - 1].column == column
        if parts:
            parts.append(random.choice((FURTHER_CONNECTOR if further else CONNECTOR)[connector]))
        unit = field.unit if field.kind == "number" and random.random() < UNIT_SHARE else ""
        text = _value_text(value, field.kind, random)
        values = {"h": column_name(demo.columns[column], random), "v": text, "u": unit}
        pattern = FURTHER_CONDITION[operator] if further else CONDITION[field.kind][operator]
        parts.append(fill(pattern, values, random))
    return "".join(parts)


def _value_text(value: str, kind: str, random: Random) -> str:
    """The value as the question writes it."""
    if random.random() < ALTERNATIVE_SHARE:
        return alternative_form(value, kind, random)
    if kind == "year":
        return f"{value}年"
    return value + "%" if kind == "percent" and not value.endswith("%") else value
