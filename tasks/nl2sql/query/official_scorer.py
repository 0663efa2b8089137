"""The published scorer with its defects, as Python 3 runs it: github.com/ZhuiyiTechnology/nl2sql_baseline,
`check_acc` of sqlnet.py, `DBEngine.execute` of dbengine.py (28 June 2019), `epoch_acc` of utils.py.

Where it goes wrong:
* conditions are put into a dictionary by column, so that of two on one column only the last counts, and
  selected columns likewise: the last aggregate counts;
* the text of an error is compared as a result is, so that two queries that fail alike are equal;
* a value is pasted between double quotes: SQLite takes it for a column if there is one of this name, and a
  quote inside it changes or breaks the statement;
* rows are compared in order, each with its values sorted, so that it is forgotten which column they are of;
  a row of a string and a number cannot be sorted. Then a prediction is wrong; a label would end the scorer,
  and is handled here like the following;
* an exception drops a whole batch of questions, right or wrong, which still count in the denominator.

Two things are not reproduced: it does not quote names of tables, which in the contest never had to be; and
where a value, pasted, would run a query of its own, here that fails, for 400 characters can fill the memory.
"""

import re

import numpy as np

from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import AGGREGATES, NONE, OPERATORS, Query, Table
from tasks.nl2sql.query.serialization import column_name, quoted

BATCH = 64
"""Questions of a batch when it evaluates (test.py)."""

_CONNECTORS = ("", " AND ", " OR ")
_ROW_IDS = ("rowid", "oid", "_rowid_")
_PARAMETER = re.compile(r'(?<![:\w\\]):\w+(?!:)')  # fmt: skip
"""What the library under it (SQLAlchemy) takes for a parameter, of which it then misses the value."""
_QUERY = re.compile(r"\bselect\b", re.IGNORECASE)

Outcome = str | list[tuple[object, ...]]


def logic_form(gold: Query, found: Query) -> bool:
    """Whether two queries are the same as `check_acc` sees them."""
    if gold.connector != found.connector or len(gold.select) != len(found.select):
        return False
    if len(gold.conditions) != len(found.conditions) or dict(gold.select) != dict(found.select):
        return False
    return _last_by_column(gold) == _last_by_column(found)


def _last_by_column(query: Query) -> dict[int, tuple[int, str]]:
    return {column: (operator, value) for column, operator, value in query.conditions}


def execution(gold: Outcome, found: Query, table: Table, executor: Executor) -> bool:
    """Whether a query has the outcome of the label, which `outcome` gives."""
    try:
        return outcome(found, table, executor) == gold
    except TypeError:
        return False


def outcome(query: Query, table: Table, executor: Executor) -> Outcome:
    """Rows, each with its values sorted, or the text of an error.

    Raises:
        TypeError: a row of a string and a number, or of nothing and anything else.
    """
    if query.connector == NONE and len(query.conditions) > 1:
        return "Error1"
    if not query.select or not query.conditions:
        return "Error2"
    once = query._replace(select=tuple(dict.fromkeys(query.select)))  # rows are dictionaries by heading
    if all(_is_literal(condition.value, table) for condition in query.conditions):
        result = executor.run(table.id, once)
    else:
        statement = pasted(once, table)
        if _PARAMETER.search(statement) or any(_QUERY.search(each.value) for each in once.conditions):
            return "Error3"
        result = executor.run_text(statement)
    # heterogeneous rows raise, as they do there
    return "Error3" if result.error else [tuple(sorted(row)) for row in result.rows]  # type: ignore[type-var]


def _is_literal(value: str, table: Table) -> bool:
    """Whether it means the same, pasted between double quotes or bound."""
    if '"' in value or "\0" in value or _PARAMETER.search(f'"{value}"'):
        return False
    names = {column_name(column) for column in range(len(table.header))}
    return value.lower() not in names and value.lower() not in _ROW_IDS


def pasted(query: Query, table: Table) -> str:
    """The statement as the scorer writes it, but for the quoted table."""
    select = ",".join(f"{AGGREGATES[aggregate]}({column_name(column)})" for column, aggregate in query.select)
    where = _CONNECTORS[query.connector].join(
        f'{column_name(column)} {OPERATORS[operator]} "{value}"'
        for column, operator, value in query.conditions
    )
    return f"SELECT {select} FROM {quoted(table.name)} WHERE {where}"


def kept(failed: np.ndarray) -> np.ndarray:
    """(n,) bool: questions of batches in which none raised an exception.

    Args:
        failed: (n,) bool, in the order in which the questions are scored.
    """
    batches = np.arange(len(failed)) // BATCH
    return ~np.isin(batches, batches[failed])
