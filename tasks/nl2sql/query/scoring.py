"""Logic form and execution accuracy of queries, by the published scorer and without its defects.

| | official (`tasks.nl2sql.query.official_scorer`) | strict |
|---|---|---|
| logic form: order of conditions | of those on one column the last counts | does not matter, all count |
| … values | equal strings | equal in width, case and outer space; equal numbers in real columns |
| … connector | equal | equal where there are two conditions or more |
| execution: values | pasted into the statement | bound |
| … rows | in order | in any order, each as often as in the label |
| … columns | values of a row sorted | columns in any one order |
| … a query that fails | right if the label fails likewise | wrong |
| no query, or rows that cannot be sorted | the batch is lost | wrong |

A label that fails can be met by no query under `strict`; `failing` finds such labels.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, permutations, product
from typing import Literal, NamedTuple

import numpy as np

from tasks.nl2sql.query import official_scorer
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Cell, Condition, Query, Table
from tasks.nl2sql.query.serialization import canonical
from tasks.text.normalisation import normalise

Mode = Literal["official", "strict"]
Rows = tuple[tuple[Cell, ...], ...]

SUBTASKS = (
    "selected columns", "aggregates", "connector", "condition columns", "operators", "values",
)  # fmt: skip

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)
_MOST_ORDERS = 120
"""Orders of columns that are tried where several columns hold the same values."""


class Summary(NamedTuple):
    """Shares of the questions that are right, and of their mean the standard error."""

    logic_form: float
    execution: float
    mean: float
    standard_error: float


class Judge:
    """Compares queries with one label of a table; what the label finds is fetched once."""

    def __init__(self, gold: Query, table: Table, executor: Executor, *, mode: Mode) -> None:
        self._gold, self._table, self._executor, self._mode = gold, table, executor, mode
        self.fails = False
        """Whether the published scorer would not survive this label."""
        self._outcome: official_scorer.Outcome = ""
        if mode == "official":
            try:
                self._outcome = official_scorer.outcome(gold, table, executor)
            except TypeError:
                self.fails = True

    def verdict(self, found: Query) -> tuple[bool, bool]:
        """Whether its logic form is right, and what it finds."""
        if self._mode == "official":
            return (
                official_scorer.logic_form(self._gold, found),
                not self.fails
                and official_scorer.execution(self._outcome, found, self._table, self._executor),
            )
        logic_form = logic_normal(self._gold, self._table) == logic_normal(found, self._table)
        return logic_form, finds_the_same(self._gold, found, self._table, self._executor)


def verdicts(
    gold: Sequence[Query],
    found: Sequence[Query | None],
    tables: Sequence[Table],
    executor: Executor,
    *,
    mode: Mode,
) -> np.ndarray:
    """(n, 2) bool: whether each query's logic form is right, and what it finds; None is never right."""
    judges = [Judge(label, table, executor, mode=mode) for label, table in zip(gold, tables, strict=True)]
    right = [
        (False, False) if query is None else judge.verdict(query)
        for judge, query in zip(judges, found, strict=True)
    ]
    failed = [judge.fails or query is None for judge, query in zip(judges, found, strict=True)]
    return counted(np.array(right, bool).reshape(-1, 2), np.array(failed, bool), mode=mode)


def counted(right: np.ndarray, failed: np.ndarray, *, mode: Mode) -> np.ndarray:
    """The verdicts that count: the published scorer loses whole batches of questions.

    Args:
        right: (n, …) verdicts or points, in the order in which the questions are scored.
        failed: (n,) bool, whether the question raised an exception.
    """
    if mode == "strict" or not failed.any():
        return right
    return np.where(official_scorer.kept(failed).reshape(-1, *[1] * (right.ndim - 1)), right, 0).astype(
        right.dtype
    )


def summary(right: np.ndarray) -> Summary:
    """Of (n, 2) verdicts; of no questions all is 0."""
    if not len(right):
        return Summary(0.0, 0.0, 0.0, 0.0)
    logic_form, execution = right.mean(axis=0).tolist()
    return Summary(logic_form, execution, *mean_and_error(right.mean(axis=1)))


def mean_and_error(points: np.ndarray) -> tuple[float, float]:
    """Mean of (n,) points of questions and its standard error, 0 for fewer than two."""
    if len(points) < 2:
        return float(points.sum()), 0.0
    return float(points.mean()), float(points.std(ddof=1) / np.sqrt(len(points)))


def logic_normal(query: Query, table: Table) -> Query:
    """What two queries have in common whose logic form is the same."""
    conditions = (each._replace(value=_normal_value(each, table)) for each in query.conditions)
    return canonical(query._replace(conditions=tuple(conditions)))


def _normal_value(condition: Condition, table: Table) -> str:
    value = normalise(condition.value).strip()
    is_real = table.types[condition.column : condition.column + 1] == ("real",)
    # 0.0 added: -0 is 0
    return repr(float(value) + 0.0) if is_real and _NUMBER.fullmatch(value) else value


def finds_the_same(gold: Query, found: Query, table: Table, executor: Executor) -> bool:
    """Whether two queries both succeed and have the same rows in whatever order of rows and of columns."""
    wanted, result = executor.run(table.id, gold), executor.run(table.id, found)
    return not wanted.error and not result.error and same_rows(wanted.rows, result.rows)


def same_rows(gold: Rows, found: Rows) -> bool:
    """Whether some order of columns makes the rows equal, each as often in one as in the other."""
    if gold == found:
        return True
    if len(gold) != len(found) or len(gold[0]) != len(found[0]):
        return False
    wanted = Counter(gold)
    orders = _orders(list(zip(*gold, strict=True)), list(zip(*found, strict=True)))
    return any(
        Counter(tuple(row[place] for place in order) for row in found) == wanted
        for order in islice(orders, _MOST_ORDERS)
    )


def _orders(gold: list[tuple[Cell, ...]], found: list[tuple[Cell, ...]]) -> Iterator[tuple[int, ...]]:
    """Which column of `found` to put in each place, where every column holds what it must."""
    wanted, given = (_alike(columns) for columns in (gold, found))
    if {values: len(places) for values, places in wanted.items()} != {
        values: len(places) for values, places in given.items()
    }:
        return
    places = list(chain.from_iterable(wanted.values()))
    some = [islice(permutations(given[values]), _MOST_ORDERS) for values in wanted]  # `product` lists them
    for chosen in product(*some):
        order = dict(zip(places, chain.from_iterable(chosen), strict=True))
        yield tuple(order[place] for place in range(len(gold)))


def _alike(columns: Iterable[tuple[Cell, ...]]) -> dict[frozenset[tuple[Cell, int]], list[int]]:
    """Places of columns by what they hold, as often as they hold it."""
    places: dict[frozenset[tuple[Cell, int]], list[int]] = {}
    for place, column in enumerate(columns):
        places.setdefault(frozenset(Counter(column).items()), []).append(place)
    return places


def subtasks(gold: Query, found: Query, table: Table) -> tuple[bool, ...]:
    """Whether each part is right for itself, in the order of `SUBTASKS`, by the rules of `strict`."""
    pairs = zip(_parts(gold, table), _parts(found, table), strict=True)
    return tuple(wanted == given for wanted, given in pairs)


def _parts(query: Query, table: Table) -> tuple[object, ...]:
    select, connector, conditions = logic_normal(query, table)
    return (
        [column for column, _ in select],
        [aggregate for _, aggregate in select],
        connector,
        [each.column for each in conditions],
        [each.operator for each in conditions],
        sorted(each.value for each in conditions),
    )


def failing(gold: Sequence[Query], tables: Sequence[Table], executor: Executor) -> np.ndarray:
    """(n,) bool: labels that cannot be executed."""
    results = (executor.run(table.id, query) for query, table in zip(gold, tables, strict=True))
    return np.array([result.error is not None for result in results], bool)
