"""The demo's questions: chooses what is asked of a table, and puts it into words."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import EQUAL, NONE, OR, Condition, Query
from tasks.nl2sql.synthetic import templates
from tasks.nl2sql.synthetic.conditions import compared, joined, spoken_name
from tasks.nl2sql.synthetic.phrasing import filled
from tasks.nl2sql.synthetic.tables import Invented

NAMED_SHARE = 0.25
"""Of questions, that name their rows: 云河酒店的房价是多少."""
IMPLIED_SHARE = 0.3
"""Of questions that name one row, that imply the column: 要多少钱."""
KEY_SHARE = 0.4
"""Of questions with conditions, that ask for the rows or how many there are."""
TWO_SHARE = 0.04
"""Of questions with conditions, that ask for two columns."""
TRIES = 50
"""Questions composed until one is new to its table."""

_WHAT = {"text": "是什么", "real": "是多少"}
_AGGREGATES = {"text": (0, 0, 0, 4), "real": (0, 0, 1, 1, 2, 3, 5)}


class Asked(NamedTuple):
    """A question and its query."""

    text: str
    query: Query


def questions(made: Invented, random: Random) -> Iterator[Asked]:
    """Questions about one table without end; one comes again only when no new one is found."""
    seen: set[str] = set()
    while True:
        for _ in range(TRIES):
            asked = _question(made, random)
            if asked.text not in seen:
                break
        seen.add(asked.text)
        yield asked


def _question(made: Invented, random: Random) -> Asked:
    text, query = (_of_rows if random.random() < NAMED_SHARE else _of_conditions)(made, random)
    return Asked(random.choice(templates.OPENINGS) + text + random.choice(templates.CLOSINGS), query)


def _of_rows(made: Invented, random: Random) -> tuple[str, Query]:
    """A question that names one row or two."""
    rows = random.sample(made.table.rows, min(random.choice((1, 1, 2)), len(made.table.rows)))
    names = [str(row[made.key]) for row in rows]
    column = random.choice([place for place in range(len(made.columns)) if place != made.key])
    given = {"v": joined(names, random), "h": spoken_name(made.columns[column], random)}
    given["q"] = _WHAT[made.table.types[column]]
    implied = made.columns[column].field.asked
    if implied and len(names) == 1 and random.random() < IMPLIED_SHARE:
        text = names[0] + implied
    else:
        text = filled(templates.OF_ROWS, given, random)
    conditions = tuple(Condition(made.key, EQUAL, name) for name in names)
    return text, Query(((column, 0),), OR if len(names) > 1 else NONE, conditions)


def _of_conditions(made: Invented, random: Random) -> tuple[str, Query]:
    """A question about the rows that fulfil some conditions."""
    connector, conditions, clause = compared(made, random)
    used = {made.key, *(each.column for each in conditions)}
    free = [place for place in range(len(made.columns)) if place not in used]
    pattern, select = _asked(made, free, random)
    given = {"c": clause, "n": made.topic.noun, "m": made.topic.measure}
    for name, (column, _) in zip("ho", select, strict=False):
        given |= {name: spoken_name(made.columns[column], random), "q": _WHAT[made.table.types[column]]}
    return filled(pattern, given, random), Query(select, connector, conditions)


def _asked(made: Invented, free: list[int], random: Random) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A pattern, and what it selects."""
    if len(free) > 1 and random.random() < TWO_SHARE:
        one, other = random.sample(free, 2)
        return templates.BOTH, ((one, 0), (other, 0))
    if not free or random.random() < KEY_SHARE:
        aggregate = random.choice(tuple(templates.KEY_ASKED))
        return templates.KEY_ASKED[aggregate], ((made.key, aggregate),)
    column = random.choice(free)
    aggregate = random.choice(_AGGREGATES[made.table.types[column]])
    return templates.ASKED[aggregate], ((column, aggregate),)
