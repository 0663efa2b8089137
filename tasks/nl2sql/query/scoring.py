"""Logic form and execution accuracy of queries, by the published scorer and without its defects.

| | official (`tasks.nl2sql.query.official_scorer`) | strict |
|---|---|---|
| logic form: order of conditions | of those on one column the last counts | does not matter, all count |
| … values | equal strings, no number is one | equal in width, case, outer space; as numbers in real columns |
| … connector | equal, also where it joins nothing | equal where there are two conditions or more |
| execution: values | inserted into the statement | bound |
| … rows | in order | in any order, each as often as in the label |
| … columns | values of a row sorted | columns in any one order |
| … a query that fails | right if the label fails likewise | wrong |
| no query | the batch is lost | wrong |

Under `strict` no query can match a label that fails; `failing_labels` finds such labels.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, permutations, product
from typing import Literal

import numpy as np

from tasks.nl2sql.query import official_scorer
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Cell, Condition, Query, Table, canonical
from tasks.text.normalisation import normalise

Mode = Literal["official", "strict"]
Rows = tuple[tuple[Cell, ...], ...]

SUBTASKS = (
    "selected columns", "aggregates", "connector", "condition columns", "operators", "values",
)  # fmt: skip

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII)
_MOST_ORDERS = 120
"""Orders of columns that are tried where several columns hold the same values."""


class LabelComparison:
    """Compares answers with one labelled query; the official result of the label is computed once.

    Args:
        given: the label as the file has it, where it differs (`Question.given`).
    """

    def __init__(
        self, gold: Query, table: Table, executor: Executor, *, mode: Mode, given: Query | None = None
    ) -> None:
        self._gold, self._table, self._executor, self._mode = gold, table, executor, mode
        self._given = given or gold
        self._result: official_scorer.OfficialResult = ""
        if mode == "official":
            self._result = official_scorer.official_result(gold, table, executor)

    def correct(self, answer: Query) -> tuple[bool, bool]:
        """Whether the logic form of an answer is right, and its result."""
        gold, table, executor = self._gold, self._table, self._executor
        if self._mode == "strict":
            logic_form = normal_form(gold, table) == normal_form(answer, table)
            return logic_form, same_result(gold, answer, table, executor)
        same = official_scorer.same_result(self._result, answer, table, executor)
        return official_scorer.same_logic_form(self._given, answer), same


def correctness(
    gold: Sequence[Query],
    answers: Sequence[Query | None],
    tables: Sequence[Table],
    executor: Executor,
    *,
    mode: Mode,
    given: Sequence[Query | None] | None = None,
) -> np.ndarray:
    """(n, 2) bool: whether each answer's logic form is right, and its result; None is never right.

    Args:
        given: labels as the file has them, None where they do not differ.
    """
    right = []
    labels = zip(gold, answers, tables, given or [None] * len(gold), strict=True)
    for label, answer, table, as_given in labels:
        comparison = LabelComparison(label, table, executor, mode=mode, given=as_given)
        right.append(comparison.correct(answer) if answer else (False, False))
    failed = np.array([answer is None for answer in answers], bool)
    return without_lost_batches(np.array(right, bool).reshape(-1, 2), failed, mode=mode)


def without_lost_batches(right: np.ndarray, failed: np.ndarray, *, mode: Mode) -> np.ndarray:
    """The correctness that counts: 0 for all questions of batches that the published scorer loses.

    Args:
        right: (n, …) correctness or points, in the order in which the questions are scored.
        failed: (n,) bool, whether the question raised an exception.
    """
    if mode == "strict" or not failed.any():
        return right
    counted = official_scorer.in_counted_batches(failed).reshape(-1, *[1] * (right.ndim - 1))
    return np.where(counted, right, 0).astype(right.dtype)


def mean_and_error(points: np.ndarray) -> tuple[float, float]:
    """Mean of (n,) points of questions and its standard error, 0 for fewer than two.

    >>> mean_and_error(np.array([0.0, 1.0]))
    (0.5, 0.5)
    """
    if len(points) < 2:
        return float(points.sum()), 0.0
    return float(points.mean()), float(points.std(ddof=1) / np.sqrt(len(points)))


def normal_form(query: Query, table: Table) -> Query:
    """The form in which two queries are equal if their logic form is the same under `strict`."""
    conditions = (each._replace(value=_normal_value(each, table)) for each in query.conditions)
    return canonical(query._replace(conditions=tuple(conditions)))


def _normal_value(condition: Condition, table: Table) -> str:
    value = normalise(condition.value).strip()
    is_real = table.types[condition.column : condition.column + 1] == ("real",)
    # 0.0 added: -0 is 0
    return repr(float(value) + 0.0) if is_real and _NUMBER.fullmatch(value) else value


def same_result(gold: Query, answer: Query, table: Table, executor: Executor) -> bool:
    """Whether two queries both succeed and have the same rows, in any order of rows and of columns."""
    wanted, result = executor.run(table.id, gold), executor.run(table.id, answer)
    return not wanted.error and not result.error and same_rows(wanted.rows, result.rows)


def same_rows(gold: Rows, answer: Rows) -> bool:
    """Whether some order of columns makes the rows equal, each as often in one as in the other.

    >>> same_rows(((1, "a"), (2, "b")), (("b", 2), ("a", 1)))
    True
    """
    if gold == answer:
        return True
    if len(gold) != len(answer) or len(gold[0]) != len(answer[0]):
        return False
    wanted = Counter(gold)
    orders = _column_orders(list(zip(*gold, strict=True)), list(zip(*answer, strict=True)))
    answers = (
        [tuple(row[place] for place in order) for row in answer] for order in islice(orders, _MOST_ORDERS)
    )
    return any(Counter(rows) == wanted for rows in answers)


def _column_orders(gold: list[tuple[Cell, ...]], answer: list[tuple[Cell, ...]]) -> Iterator[tuple[int, ...]]:
    """Orders of the answer's columns in which each holds the values of the label's column."""
    wanted, answered = (_by_values(columns) for columns in (gold, answer))
    if {values: len(places) for values, places in wanted.items()} != {
        values: len(places) for values, places in answered.items()
    }:
        return
    places = list(chain.from_iterable(wanted.values()))
    some = [islice(permutations(answered[values]), _MOST_ORDERS) for values in wanted]  # `product` lists them
    for chosen in product(*some):
        order = dict(zip(places, chain.from_iterable(chosen), strict=True))
        yield tuple(order[place] for place in range(len(gold)))


def _by_values(columns: Iterable[tuple[Cell, ...]]) -> dict[frozenset[tuple[Cell, int]], list[int]]:
    """Places of columns by the values they hold with their counts."""
    places: dict[frozenset[tuple[Cell, int]], list[int]] = {}
    for place, column in enumerate(columns):
        places.setdefault(frozenset(Counter(column).items()), []).append(place)
    return places


def subtask_correctness(gold: Query, answer: Query, table: Table) -> tuple[bool, ...]:
    """Whether each of `SUBTASKS` alone is right, by the rules of `strict`."""
    pairs = zip(_parts(gold, table), _parts(answer, table), strict=True)
    return tuple(labelled == answered for labelled, answered in pairs)


def _parts(query: Query, table: Table) -> tuple[object, ...]:
    select, connector, conditions = normal_form(query, table)
    return (
        [column for column, _ in select],
        [aggregate for _, aggregate in select],
        connector,
        [each.column for each in conditions],
        [each.operator for each in conditions],
        sorted(each.value for each in conditions),
    )


def failing_labels(gold: Sequence[Query], tables: Sequence[Table], executor: Executor) -> np.ndarray:
    """(n,) bool: labels that cannot be executed."""
    results = (executor.run(table.id, query) for query, table in zip(gold, tables, strict=True))
    return np.array([result.error is not None for result in results], bool)
