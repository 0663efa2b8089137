"""The competition's submission: a query as one JSON object a line, in the order of the test questions."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tasks.core.cache.store import atomic_file
from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidSubmission
from tasks.core.submission_file import opened
from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql.dataset import stream, stream_tables
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, NONE, OPERATORS, to_json
from tasks.nl2sql.stored_tables import StoredTables
from tasks.nl2sql.voting import answer_queries
from tasks.text.validation.submission_lines import broken, objects

FILE = "submission.json"
KEYS: dict[str, type] = {"agg": list, "sel": list, "cond_conn_op": int, "conds": list}


def decode(
    pieces: Iterable[Candidates], dataset: Dataset, decision: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The submitted query of each test question, by a decision (`tasks.nl2sql.voting`)."""
    questions, tables = stream(dataset, "test"), StoredTables(dataset, "test")
    for values in pieces:
        queries = answer_queries(values, list(islice(questions, len(values))), tables, decision)
        yield from map(to_json, queries)


def write(ids: list[str], answers: Iterable[Any], file: Path) -> None:
    """Write the answers, as `decode` gives them, in the order of the ids."""
    lines = (json.dumps(answer, ensure_ascii=False) + "\n" for _, answer in zip(ids, answers, strict=True))
    with atomic_file(file) as content:
        content.writelines(line.encode("utf-8") for line in lines)


def check(file: Path, ids: list[str], dataset: Dataset) -> int:
    """The number of queries of a valid submission.

    A value need not occur in the table: questions may ask for missing values.

    Raises:
        InvalidSubmission: the first rule broken, with its line.
    """
    widths = {table.id: len(table.header) for table in stream_tables(dataset, "test")}
    columns = {question.id: widths[question.table] for question in stream(dataset, "test")}
    number = 0
    with opened(file) as lines:
        for number, place, query in objects(lines, str(file), keys=KEYS):
            if number > len(ids):
                raise InvalidSubmission(f"{place}: expected no line after the {len(ids)} test questions'")
            _check_query(query, columns[ids[number - 1]], place)
    if number < len(ids):
        expected = f"a line for each of {len(ids)} test questions"
        raise InvalidSubmission(f"{file}: expected {expected}, received {number}")
    return number


def _check_query(query: dict[str, Any], columns: int, place: str) -> None:
    """Check its codes, its columns against the question's table, and its values."""
    if query.keys() != KEYS.keys():
        raise broken(place, f"no keys but {', '.join(KEYS)}", sorted(query))
    select, aggregates, conditions = query["sel"], query["agg"], query["conds"]
    if not select or len(select) != len(aggregates):
        raise broken(place, "one of 'agg' for each of 'sel', at least one", (select, aggregates))
    for column, aggregate in zip(select, aggregates, strict=True):
        _check_code(column, columns, "a selected column", place)
        _check_code(aggregate, len(AGGREGATES), "an aggregate", place)
    for number, condition in enumerate(conditions, start=1):
        _check_condition(condition, columns, f"{place}: condition {number}")
    _check_code(query["cond_conn_op"], len(CONNECTORS), "a connector", place)
    if (query["cond_conn_op"] == NONE) != (len(conditions) < 2):
        expected = "connector 0" if len(conditions) < 2 else "connector 1 or 2"
        raise broken(place, f"{expected} for {len(conditions)} conditions", query["cond_conn_op"])


def _check_condition(condition: Any, columns: int, here: str) -> None:
    if not isinstance(condition, list) or len(condition) != 3:
        raise broken(here, "a list of column, operator and value", condition)
    _check_code(condition[0], columns, "a column", here)
    _check_code(condition[1], len(OPERATORS), "an operator", here)
    if not isinstance(condition[2], str):
        raise broken(here, "a string as value", condition[2])


def _check_code(value: Any, count: int, what: str, place: str) -> None:
    if type(value) is not int or not 0 <= value < count:  # True is an int too
        raise broken(place, f"{what} of 0 to {count - 1}", value)
