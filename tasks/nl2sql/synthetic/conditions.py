"""The demo's conditions: chosen so that a row fulfils them, and put into words."""

import math
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import (
    AND,
    EQUAL,
    GREATER,
    LESS,
    NONE,
    OR,
    UNEQUAL,
    Cell,
    Condition,
)
from tasks.nl2sql.synthetic.phrasing import filled, otherwise
from tasks.nl2sql.synthetic.tables import Column, Invented
from tasks.nl2sql.synthetic.templates import AGAIN, FORMS, JOINED, JOINED_AGAIN

COUNTS = (1, 1, 1, 1, 2, 2, 2, 3)
TWICE_SHARE = 0.35
"""Of questions with several conditions, that compare a column twice."""
OTHERWISE_SHARE = 0.15
"""Of values, that are written in another form than the cell's."""
SYNONYM_SHARE = 0.15
"""Of mentions, that call a column as another table's header does."""
UNIT_SHARE = 0.6
"""Of numbers, that are followed by their unit."""
CELL_SHARE = 0.5
"""Of bounds, that are another cell's value; the others are rounded."""

_OPERATORS = {
    "text": (EQUAL, EQUAL, EQUAL, UNEQUAL),
    "real": (GREATER, GREATER, GREATER, LESS, LESS, LESS, EQUAL, UNEQUAL),
}


class Compared(NamedTuple):
    """What a question asks of its rows."""

    connector: int
    conditions: tuple[Condition, ...]
    clause: str


def compared(made: Invented, random: Random) -> Compared:
    """One to three conditions that some row fulfils, as long as no percentages are compared as text."""
    count = random.choice(COUNTS)
    connector = NONE if count == 1 else random.choice((AND, AND, OR))
    columns = random.sample(range(len(made.columns)), count)
    rows = [row for row in made.table.rows if all(row[column] not in ("", None) for column in columns)]
    if not rows:
        connector, columns, rows = NONE, [made.key], list(made.table.rows)
    row = random.choice(rows)
    conditions: list[Condition] = []
    if len(columns) > 1 and random.random() < TWICE_SHARE:
        conditions = _pair(made, columns[0], row[columns[0]], connector, random)
    for column in columns[len(conditions) :]:
        conditions.append(_single(made, column, row[column], random))
    return Compared(connector, tuple(conditions), _clause(made, conditions, connector, random))


def spoken_name(column: Column, random: Random) -> str:
    """What a question calls a column."""
    if random.random() < SYNONYM_SHARE:
        return random.choice(column.field.headers.split("|"))
    return column.spoken


def joined(values: Sequence[str], random: Random) -> str:
    """Values one after the other."""
    return random.choice(("和", "、", "与")).join(values)


def written(cell: Cell) -> str:
    """A cell as a label has it: 320.0 is `320`."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _single(made: Invented, column: int, cell: Cell, random: Random) -> Condition:
    operator = random.choice(_OPERATORS[made.table.types[column]])
    value = _value(made, column, cell, operator, random)
    return Condition(column, EQUAL, written(cell)) if value is None else Condition(column, operator, value)


def _pair(made: Invented, column: int, cell: Cell, connector: int, random: Random) -> list[Condition]:
    """Two conditions on one column, or none where it has no values for two."""
    if made.table.types[column] == "real":
        more = _value(made, column, cell, GREATER, random)
        less = _value(
            made, column, cell if connector == AND else more, LESS if connector == AND else GREATER, random
        )
        pair = [(GREATER, more), (LESS, less)]
    elif connector == AND:
        others = _others(made, column, cell)
        pair = [(UNEQUAL, other) for other in random.sample(others, min(2, len(others)))]
    else:
        pair = [(EQUAL, written(cell)), (EQUAL, _value(made, column, cell, UNEQUAL, random))]
    random.shuffle(pair)
    found = [Condition(column, operator, value) for operator, value in pair if value is not None]
    return found if len(found) == 2 else []


def _value(made: Invented, column: int, cell: Cell, operator: int, random: Random) -> str | None:
    """A value that the cell compares with as the operator says; None if there is none."""
    if operator == EQUAL or cell is None:
        return None if cell is None else written(cell)
    if operator == UNEQUAL:
        others = _others(made, column, cell)
        return random.choice(others) if others else None
    number, sign = _number(cell), "%" * str(cell).endswith("%")
    if random.random() < CELL_SHARE:
        values = [_number(other) for other in _others(made, column, cell)]
    else:
        share = random.uniform(0.4, 0.95)
        values = [_rounded(number * share if operator == GREATER else number / share)]
    most = made.columns[column].field.high or 100
    fit = [value for value in values if (value < number if operator == GREATER else number < value <= most)]
    return written(random.choice(fit)) + sign if fit else None


def _others(made: Invented, column: int, cell: Cell) -> list[str]:
    """The column's other values, each once."""
    found = dict.fromkeys(row[column] for row in made.table.rows if row[column] not in ("", None, cell))
    return [written(other) for other in found]


def _number(cell: Cell) -> float:
    return float(str(cell).rstrip("%"))


def _rounded(number: float) -> float:
    """Two digits, as people round."""
    return round(number, 1 - math.floor(math.log10(number))) if number > 0 else 0.0


def _clause(made: Invented, conditions: Sequence[Condition], connector: int, random: Random) -> str:
    parts: list[str] = []
    for place, (column, operator, value) in enumerate(conditions):
        field = made.columns[column].field
        again = bool(place) and conditions[place - 1].column == column
        if parts:
            parts.append(random.choice((JOINED_AGAIN if again else JOINED)[connector]))
        unit = field.unit if field.kind == "number" and random.random() < UNIT_SHARE else ""
        said = _said(value, field.kind, random)
        given = {"h": spoken_name(made.columns[column], random), "v": said, "u": unit}
        parts.append(filled(AGAIN[operator] if again else FORMS[field.kind][operator], given, random))
    return "".join(parts)


def _said(value: str, kind: str, random: Random) -> str:
    """The value as the question has it."""
    if random.random() < OTHERWISE_SHARE:
        return otherwise(value, kind, random)
    if kind == "year":
        return f"{value}年"
    return value + "%" if kind == "percent" and not value.endswith("%") else value
