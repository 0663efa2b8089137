"""Synthetic tables of the demo, each a function of the seed and its number."""

from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import Cell, Table
from tasks.nl2sql.synthetic import vocabulary
from tasks.nl2sql.synthetic.contests import CONTESTS, Contest
from tasks.nl2sql.synthetic.templates import TOPICS, Column, TableTemplate

ROWS = (8, 30)
EMPTY_SHARE = 0.03
"""Of cells that are empty, key cells excepted."""
BRACKET_SHARE = 0.3
"""Of number columns whose header ends with the unit in brackets."""
PLAIN_SHARE = 0.4
"""Of percentage columns whose header has the sign and whose cells have none."""


class DemoColumn(NamedTuple):
    """A column of one table."""

    field: Column
    header: str
    name: str
    """The header without its unit in brackets."""
    without_sign: bool = False
    """Whether it has percentages without their sign."""

    @property
    def meaning(self) -> str:
        """`real` for numbers, whatever their type in the table, else `text`."""
        return "real" if self.field.make is None else "text"


class DemoTable(NamedTuple):
    """A table with the templates that it was made from."""

    table: Table
    topic: TableTemplate
    columns: tuple[DemoColumn, ...]

    @property
    def key(self) -> int:
        """The column that names the rows."""
        return next(place for place, column in enumerate(self.columns) if column.field.kind == "key")


def make_table(number: int, seed: int, contest: Contest = CONTESTS["standard"]) -> DemoTable:
    """Table `number` of a seed; topics alternate."""
    random = Random(f"{seed} table {number}")  # a string seeds by its SHA-512: the same in every process
    topic = TOPICS[number % len(TOPICS)]
    columns = _columns(topic, random)
    draw = topic.key.make
    assert draw is not None
    keys = dict.fromkeys(draw(random) for _ in range(random.randint(*ROWS)))
    rows = tuple([tuple([_cell(column, key, random) for column in columns]) for key in keys])
    title = topic.title.format(place=vocabulary.city(random), year=vocabulary.year(random))
    types = tuple(column.meaning for column in columns)
    id = f"demo_{number:04}"
    header = tuple(column.header for column in columns)
    table = Table(id, f"Table_{id}", title, header, types, rows)
    return DemoTable(_with_numbers_as_text(table, contest, number, seed), topic, columns)


def _with_numbers_as_text(table: Table, contest: Contest, number: int, seed: int) -> Table:
    """The table with some of its columns of numbers as text."""
    random = Random(f"{seed} types {number}")
    types = tuple(
        "text" if type_ == "real" and random.random() < contest.numbers_as_text else type_
        for type_ in table.types
    )
    written = [type_ != before for type_, before in zip(types, table.types, strict=True)]
    rows = tuple(
        tuple(
            cell_text(cell) if as_text and cell is not None else cell
            for cell, as_text in zip(row, written, strict=True)
        )
        for row in table.rows
    )
    return table._replace(types=types, rows=rows)


def cell_text(cell: Cell) -> str:
    """A cell as the value of a label: 320.0 is `320`."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _columns(topic: TableTemplate, random: Random) -> tuple[DemoColumn, ...]:
    """The key and some other columns, at least one of numbers; the key is among the first three."""
    numbers = [field for field in topic.fields if field.kind == "number"]
    first = random.choice(numbers)
    others = [field for field in topic.fields if field != first]
    chosen = [first, *random.sample(others, random.randint(3, len(others)))]
    random.shuffle(chosen)
    chosen.insert(random.choice((0, 0, 1, 2)), topic.key)
    return tuple(_column(field, random) for field in chosen)


def _column(field: Column, random: Random) -> DemoColumn:
    name = random.choice(field.headers.split("|"))
    if field.kind == "percent" and random.random() < PLAIN_SHARE:
        return DemoColumn(field, f"{name}(%)", name, without_sign=True)
    if field.unit and random.random() < BRACKET_SHARE:
        header = random.choice((f"{name}（{field.unit}）", f"{name}({field.unit})"))
        return DemoColumn(field, header, name)
    return DemoColumn(field, name, name)


def _cell(column: DemoColumn, key: str, random: Random) -> Cell:
    field = column.field
    if field.kind == "key":
        return key
    if random.random() < EMPTY_SHARE:
        return "" if field.make else None
    if field.kind == "percent":
        share = round(random.uniform(1, 99), 2)
        return share if column.without_sign else f"{share}%"
    if field.make:
        return field.make(random)
    if not field.decimals:
        return random.randint(int(field.low), int(field.high))
    return round(random.uniform(field.low, field.high), field.decimals)
