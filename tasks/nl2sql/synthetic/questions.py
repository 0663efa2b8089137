"""Questions of the demo with their queries."""

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from tasks.nl2sql.query.schema import AVG, COUNT, EQUAL, MAX, MIN, NONE, OR, SUM, Condition, Query
from tasks.nl2sql.synthetic import templates
from tasks.nl2sql.synthetic.conditions import column_name, where_clause
from tasks.nl2sql.synthetic.contests import CONTESTS, Contest
from tasks.nl2sql.synthetic.phrasing import fill
from tasks.nl2sql.synthetic.tables import DemoTable

NAMED_SHARE = 0.25
"""Of questions: they name their rows, as 云河酒店的房价是多少."""
IMPLIED_SHARE = 0.3
"""Of questions that name one row: they imply the column, as 要多少钱."""
KEY_SHARE = 0.4
"""Of questions with conditions: they ask for the rows or for their number."""
TRIES = 50
"""Questions drawn until one is new to its table."""

_QUESTION_WORDS = {"text": "是什么", "real": "是多少"}
_AGGREGATES = {"text": (NONE, NONE, NONE, COUNT), "real": (NONE, NONE, AVG, AVG, MAX, MIN, SUM)}


class DemoQuestion(NamedTuple):
    """A question and its query."""

    text: str
    query: Query


def endless_questions(
    demo: DemoTable, random: Random, contest: Contest = CONTESTS["standard"]
) -> Iterator[DemoQuestion]:
    """Questions about one table without end; a question is repeated only if no new one is found."""
    seen: set[str] = set()
    while True:
        for _ in range(TRIES):
            make = _of_rows if random.random() < NAMED_SHARE else _of_conditions
            text, query = make(demo, contest, random)
            text = random.choice(templates.OPENINGS) + text + random.choice(templates.CLOSINGS)
            if text not in seen:
                break
        seen.add(text)
        yield DemoQuestion(text, query)


def _of_rows(demo: DemoTable, contest: Contest, random: Random) -> tuple[str, Query]:
    """A question that names one row or two."""
    rows = random.sample(demo.table.rows, min(random.choice((1, 1, 2)), len(demo.table.rows)))
    names = [str(row[demo.key]) for row in rows]
    others = [place for place in range(len(demo.columns)) if place != demo.key]
    if contest.of_rows_too and random.random() < contest.two_columns:
        pattern, columns = templates.SELECT_TWO_OF_ROWS, random.sample(others, 2)
    else:
        pattern, columns = templates.SELECT_OF_ROWS, [random.choice(others)]
    values = {"v": random.choice(("和", "、", "与")).join(names), **_names(demo, columns, random)}
    implied = demo.columns[columns[0]].field.question
    if len(columns) == len(names) == 1 and implied and random.random() < IMPLIED_SHARE:
        text = names[0] + implied
    else:
        text = fill(pattern, values, random)
    conditions = tuple(Condition(demo.key, EQUAL, name) for name in names)
    select = tuple((column, NONE) for column in columns)
    return text, Query(select, OR if len(names) > 1 else NONE, conditions)


def _names(demo: DemoTable, columns: Iterable[int], random: Random) -> dict[str, str]:
    """The placeholders of one selected column or two: names, and what is asked of the last one."""
    values: dict[str, str] = {}
    for name, column in zip("ho", columns, strict=False):
        values[name] = column_name(demo.columns[column], random)
        values["q"] = _QUESTION_WORDS[demo.columns[column].meaning]
    return values


def _of_conditions(demo: DemoTable, contest: Contest, random: Random) -> tuple[str, Query]:
    """A question about the rows that fulfil some conditions, or about all rows."""
    if contest.unconditional and random.random() < contest.unconditional:
        connector, conditions, clause = NONE, tuple[Condition, ...](), ""
    else:
        connector, conditions, clause = where_clause(demo, contest, random)
    pattern, select = _selection(demo, conditions, contest, random)
    values = {"c": clause, "n": demo.topic.noun, "m": demo.topic.measure}
    values |= _names(demo, (column for column, _ in select), random)
    return fill(pattern, values, random), Query(select, connector, conditions)


def _selection(
    demo: DemoTable, conditions: Sequence[Condition], contest: Contest, random: Random
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A pattern, and its selected columns."""
    compared = list(dict.fromkeys(each.column for each in conditions))
    free = [place for place in range(len(demo.columns)) if place not in (demo.key, *compared)]
    if len(free) > 1 and random.random() < contest.two_columns:
        one, other = random.sample(free, 2)
        return templates.SELECT_TWO if conditions else templates.SELECT_TWO_OF_ALL, (
            (one, NONE),
            (other, NONE),
        )
    if contest.on_selected and compared and random.random() < contest.on_selected:
        free = compared
    elif not free or random.random() < KEY_SHARE:
        aggregate = random.choice(tuple(templates.SELECT_KEY))
        of_key = templates.SELECT_KEY if conditions else templates.SELECT_KEY_OF_ALL
        return of_key[aggregate], ((demo.key, aggregate),)
    column = random.choice(free)
    aggregate = random.choice(_AGGREGATES[demo.columns[column].meaning])
    return (templates.SELECT if conditions else templates.SELECT_OF_ALL)[aggregate], ((column, aggregate),)
