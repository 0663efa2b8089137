"""The published scorer with its defects, under Python 3: github.com/ZhuiyiTechnology/nl2sql_baseline,
`check_acc` of sqlnet.py, `DBEngine.execute` of dbengine.py (28 June 2019), `epoch_acc` of utils.py.

Defects:
* conditions are put into a dictionary by column, so that of two on one column only the last counts, and
  selected columns likewise: the last aggregate counts;
* the text of an error is compared like a result, so that two queries with the same error are equal;
* a value is inserted between double quotes: SQLite takes it for a column if there is one of this name, and a
  quote inside it changes or breaks the statement;
* rows are compared in order, each with its values sorted, whatever columns they are of;
* a question without a prediction drops its whole batch of questions, which still count in the denominator.

Of its two branches the one for Python 2 sorts the values of a row as that language orders types (NULL,
numbers, text), the one for Python 3 by the text of each value (`key=str`). Neither raises. They differ only
where a row holds a number beside its own text (1 and "1"), or a large number that is whole in one result
alone (1e16): here the first counts.

Two things are not reproduced: names of tables are quoted here, which in the contest never mattered; and a
value that would execute a query of its own fails here, for 400 characters can fill the memory.
"""

import re

import numpy as np

from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import AGGREGATES, NONE, OPERATORS, Cell, Query, Table
from tasks.nl2sql.query.sql import column_name, quoted

BATCH = 64
"""Questions of a batch in evaluation (test.py)."""

_CONNECTORS = ("", " AND ", " OR ")
_ROW_IDS = ("rowid", "oid", "_rowid_")
_PARAMETER = re.compile(r'(?<![:\w\\]):\w+(?!:)')  # fmt: skip
"""Text that SQLAlchemy, which it uses, takes for a parameter without a value."""
_QUERY = re.compile(r"\bselect\b", re.IGNORECASE)

OfficialResult = str | list[tuple[Cell, ...]]


def same_logic_form(gold: Query, answer: Query) -> bool:
    """Whether two queries are the same for `check_acc`.

    Args:
        gold: as the file has it: a connector counts also where it joins nothing, and 5 is not "5".
    """
    if gold.connector != answer.connector or len(gold.select) != len(answer.select):
        return False
    if len(gold.conditions) != len(answer.conditions) or dict(gold.select) != dict(answer.select):
        return False
    return _last_by_column(gold) == _last_by_column(answer)


def _last_by_column(query: Query) -> dict[int, tuple[int, str]]:
    return {column: (operator, value) for column, operator, value in query.conditions}


def same_result(gold: OfficialResult, answer: Query, table: Table, executor: Executor) -> bool:
    """Whether a query has the result of the label, as `official_result` gives it."""
    return official_result(answer, table, executor) == gold


def official_result(query: Query, table: Table, executor: Executor) -> OfficialResult:
    """Rows, each with its values sorted, or the text of an error."""
    if query.connector == NONE and len(query.conditions) > 1:
        return "Error1"
    if not query.select or not query.conditions:
        return "Error2"
    once = query._replace(select=tuple(dict.fromkeys(query.select)))  # a row is a dictionary there
    if all(_is_literal(condition.value, table) for condition in query.conditions):
        result = executor.run(table.id, once, as_written=True)
    else:
        statement = unsafe_statement(once, table)
        if _PARAMETER.search(statement) or any(_QUERY.search(each.value) for each in once.conditions):
            return "Error3"
        result = executor.run_text(statement)
    return "Error3" if result.error else [tuple(sorted(row, key=_by_type)) for row in result.rows]


def _by_type(value: Cell) -> tuple[int, float | str]:
    """Place of a value among those of its row: NULL, numbers by size, text by characters."""
    if value is None:
        return 0, 0
    return (2, value) if isinstance(value, str) else (1, value)


def _is_literal(value: str, table: Table) -> bool:
    """Whether a value means the same inserted between double quotes and bound."""
    if '"' in value or "\0" in value or _PARAMETER.search(f'"{value}"'):
        return False
    names = {column_name(column) for column in range(len(table.header))}
    return value.lower() not in names and value.lower() not in _ROW_IDS


def unsafe_statement(query: Query, table: Table) -> str:
    """The statement with its values inserted, as in the scorer but for the quoted table."""
    select = ",".join(f"{AGGREGATES[aggregate]}({column_name(column)})" for column, aggregate in query.select)
    where = (f'{column_name(column)} {OPERATORS[code]} "{value}"' for column, code, value in query.conditions)
    return f"SELECT {select} FROM {quoted(table.name)} WHERE {_CONNECTORS[query.connector].join(where)}"


def in_counted_batches(failed: np.ndarray) -> np.ndarray:
    """(n,) bool: questions of batches in which none raised an exception.

    Args:
        failed: (n,) bool, in the order in which the questions are scored.
    """
    batches = np.arange(len(failed)) // BATCH
    return ~np.isin(batches, batches[failed])
