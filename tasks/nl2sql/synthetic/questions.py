"""Questions of the demo with their queries."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import AVG, COUNT, EQUAL, MAX, MIN, NONE, OR, SUM, Condition, Query
from tasks.nl2sql.synthetic import templates
from tasks.nl2sql.synthetic.conditions import column_name, where_clause
from tasks.nl2sql.synthetic.phrasing import fill
from tasks.nl2sql.synthetic.tables import DemoTable

NAMED_SHARE = 0.25
"""Of questions: they name their rows, as 云河酒店的房价是多少."""
IMPLIED_SHARE = 0.3
"""Of questions that name one row: they imply the column, as 要多少钱."""
KEY_SHARE = 0.4
"""Of questions with conditions: they ask for the rows or for their number."""
TWO_SHARE = 0.04
"""Of questions with conditions: they ask for two columns."""
TRIES = 50
"""Questions drawn until one is new to its table."""

_QUESTION_WORDS = {"text": "是什么", "real": "是多少"}
_AGGREGATES = {"text": (NONE, NONE, NONE, COUNT), "real": (NONE, NONE, AVG, AVG, MAX, MIN, SUM)}


class DemoQuestion(NamedTuple):
    """A question and its query."""

    text: str
    query: Query


def endless_questions(demo: DemoTable, random: Random) -> Iterator[DemoQuestion]:
    """Questions about one table without end; a question is repeated only if no new one is found."""
    seen: set[str] = set()
    while True:
        for _ in range(TRIES):
            text, query = (_of_rows if random.random() < NAMED_SHARE else _of_conditions)(demo, random)
            text = random.choice(templates.OPENINGS) + text + random.choice(templates.CLOSINGS)
            if text not in seen:
                break
        seen.add(text)
        yield DemoQuestion(text, query)


def _of_rows(demo: DemoTable, random: Random) -> tuple[str, Query]:
    """A question that names one row or two."""
    rows = random.sample(demo.table.rows, min(random.choice((1, 1, 2)), len(demo.table.rows)))
    names = [str(row[demo.key]) for row in rows]
    column = random.choice([place for place in range(len(demo.columns)) if place != demo.key])
    values = {
        "v": random.choice(("和", "、", "与")).join(names),
        "h": column_name(demo.columns[column], random),
    }
    values["q"] = _QUESTION_WORDS[demo.table.types[column]]
    implied = demo.columns[column].field.question
    if implied and len(names) == 1 and random.random() < IMPLIED_SHARE:
        text = names[0] + implied
    else:
        text = fill(templates.SELECT_OF_ROWS, values, random)
    conditions = tuple(Condition(demo.key, EQUAL, name) for name in names)
    return text, Query(((column, NONE),), OR if len(names) > 1 else NONE, conditions)


def _of_conditions(demo: DemoTable, random: Random) -> tuple[str, Query]:
    """A question about the rows that fulfil some conditions."""
    connector, conditions, clause = where_clause(demo, random)
    used = {demo.key, *(each.column for each in conditions)}
    free = [place for place in range(len(demo.columns)) if place not in used]
    pattern, select = _selection(demo, free, random)
    values = {"c": clause, "n": demo.topic.noun, "m": demo.topic.measure}
    for name, (column, _) in zip("ho", select, strict=False):
        values[name] = column_name(demo.columns[column], random)
        values["q"] = _QUESTION_WORDS[demo.table.types[column]]
    return fill(pattern, values, random), Query(select, connector, conditions)


def _selection(demo: DemoTable, free: list[int], random: Random) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A pattern, and its selected columns."""
    if len(free) > 1 and random.random() < TWO_SHARE:
        one, other = random.sample(free, 2)
        return templates.SELECT_TWO, ((one, NONE), (other, NONE))
    if not free or random.random() < KEY_SHARE:
        aggregate = random.choice(tuple(templates.SELECT_KEY))
        return templates.SELECT_KEY[aggregate], ((demo.key, aggregate),)
    column = random.choice(free)
    aggregate = random.choice(_AGGREGATES[demo.table.types[column]])
    return templates.SELECT[aggregate], ((column, aggregate),)
