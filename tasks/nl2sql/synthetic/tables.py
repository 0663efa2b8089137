"""The demo's tables: each a function of the seed and its number."""

from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import Cell, Table
from tasks.nl2sql.synthetic import vocabulary
from tasks.nl2sql.synthetic.templates import TOPICS, Field, Topic

ROWS = (8, 30)
EMPTY_SHARE = 0.03
"""Of cells, but those of the key."""
BRACKET_SHARE = 0.3
"""Of headers of numbers, that end with their unit in brackets."""
PLAIN_SHARE = 0.4
"""Of columns of percentages, whose cells have no sign; their headers have it."""


class Column(NamedTuple):
    """A column as one table has it."""

    field: Field
    header: str
    spoken: str
    """The header without a bracket."""
    plain: bool = False
    """Percentages without their sign."""


class Invented(NamedTuple):
    """A table, and what its columns mean."""

    table: Table
    topic: Topic
    columns: tuple[Column, ...]

    @property
    def key(self) -> int:
        """The column that names the rows."""
        return next(place for place, column in enumerate(self.columns) if column.field.kind == "key")


def table(number: int, seed: int) -> Invented:
    """Table `number` of a seed; topics take turns."""
    random = Random(f"{seed} table {number}")  # a string seeds by its SHA-512: the same in every process
    topic = TOPICS[number % len(TOPICS)]
    columns = _columns(topic, random)
    keys = dict.fromkeys(_made(topic.key, random) for _ in range(random.randint(*ROWS)))
    rows = tuple([tuple([_cell(column, key, random) for column in columns]) for key in keys])
    title = topic.title.format(place=vocabulary.city(random), year=vocabulary.year(random))
    types = tuple("real" if column.field.make is None else "text" for column in columns)
    id = f"demo_{number:04}"
    header = tuple(column.header for column in columns)
    return Invented(Table(id, f"Table_{id}", title, header, types, rows), topic, columns)


def _columns(topic: Topic, random: Random) -> tuple[Column, ...]:
    """The key and some other fields, at least one of numbers, in any order but that the key is early."""
    numbers = [field for field in topic.fields if field.kind == "number"]
    first = random.choice(numbers)
    others = [field for field in topic.fields if field != first]
    chosen = [first, *random.sample(others, random.randint(3, len(others)))]
    random.shuffle(chosen)
    chosen.insert(random.choice((0, 0, 1, 2)), topic.key)
    return tuple(_column(field, random) for field in chosen)


def _column(field: Field, random: Random) -> Column:
    spoken = random.choice(field.headers.split("|"))
    if field.kind == "percent" and random.random() < PLAIN_SHARE:
        return Column(field, f"{spoken}(%)", spoken, plain=True)
    if field.unit and random.random() < BRACKET_SHARE:
        return Column(field, random.choice((f"{spoken}（{field.unit}）", f"{spoken}({field.unit})")), spoken)
    return Column(field, spoken, spoken)


def _cell(column: Column, key: str, random: Random) -> Cell:
    field = column.field
    if field.kind == "key":
        return key
    if random.random() < EMPTY_SHARE:
        return "" if field.make else None
    if field.kind == "percent":
        share = round(random.uniform(1, 99), 2)
        return share if column.plain else f"{share}%"
    return _made(field, random) if field.make else _number(field, random)


def _made(field: Field, random: Random) -> str:
    assert field.make is not None
    return field.make(random)


def _number(field: Field, random: Random) -> float:
    if not field.decimals:
        return random.randint(int(field.low), int(field.high))
    return round(random.uniform(field.low, field.high), field.decimals)
