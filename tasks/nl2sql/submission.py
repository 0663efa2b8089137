"""The competition's submission: a query as one JSON object a line, in the order of the test questions."""

import json
from pathlib import Path
from typing import Any

from tasks.core.cache.store import write_atomically
from tasks.core.errors import InvalidSubmission
from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql.dataset import questions, tables
from tasks.nl2sql.query.schema import AGGREGATES, CONNECTORS, NONE, OPERATORS
from tasks.nl2sql.query.serialization import to_json
from tasks.nl2sql.voting import answer_queries
from tasks.text.validation.submission_lines import broken, parsed

FILE = "submission.json"
KEYS: dict[str, type] = {"agg": list, "sel": list, "cond_conn_op": int, "conds": list}


def decode(values: Candidates, dataset: Path, decision: dict[str, Any]) -> list[dict[str, Any]]:
    """The query of each test question as it is submitted, by a decision (`tasks.nl2sql.voting`)."""
    asked = questions(dataset, "test")
    return [to_json(query) for query in answer_queries(values, asked, tables(dataset, "test"), decision)]


def write(ids: list[str], answers: list[Any], file: Path) -> None:
    """Write the answers, as `decode` gives them, in the order of the ids."""
    lines = [json.dumps(given, ensure_ascii=False) + "\n" for _, given in zip(ids, answers, strict=True)]
    write_atomically(file, "".join(lines).encode("utf-8"))


def check(file: Path, ids: list[str], dataset: Path) -> int:
    """Count the queries of a submission that keeps every rule.

    A value need not occur in the table: a question may ask for what is not there.

    Raises:
        InvalidSubmission: the first rule broken, with its line.
    """
    by_id = tables(dataset, "test")
    columns = {each.id: len(by_id[each.table].header) for each in questions(dataset, "test")}
    lines = _lines(file)
    for number, line in enumerate(lines, start=1):
        place = f"{file}:{number}"
        if number > len(ids):
            raise InvalidSubmission(f"{place}: expected no line after the {len(ids)} test questions'")
        _check_query(parsed(line, place, keys=KEYS), columns[ids[number - 1]], place)
    if len(lines) < len(ids):
        raise InvalidSubmission(
            f"{file}: expected a line for each of {len(ids)} test questions, received {len(lines)}"
        )
    return len(lines)


def _lines(file: Path) -> list[bytes]:
    """Lines end at line feeds alone: values may hold characters that `splitlines` takes for line ends."""
    if not file.exists():
        raise InvalidSubmission(f"{file}: expected a submission, received no such file")
    if file.is_dir():
        raise InvalidSubmission(f"{file}: expected a submission file, received a folder")
    lines = file.read_bytes().split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _check_query(given: dict[str, Any], columns: int, place: str) -> None:
    """Its codes, its columns among those of the question's table, and its values."""
    if given.keys() != KEYS.keys():
        raise broken(place, f"no keys but {', '.join(KEYS)}", sorted(given))
    select, aggregates, conditions = given["sel"], given["agg"], given["conds"]
    if not select or len(select) != len(aggregates):
        raise broken(place, "one of 'agg' for each of 'sel', at least one", (select, aggregates))
    for column, aggregate in zip(select, aggregates, strict=True):
        _check_code(column, columns, "a selected column", place)
        _check_code(aggregate, len(AGGREGATES), "an aggregate", place)
    for number, condition in enumerate(conditions, start=1):
        _check_condition(condition, columns, f"{place}: condition {number}")
    _check_code(given["cond_conn_op"], len(CONNECTORS), "a connector", place)
    if (given["cond_conn_op"] == NONE) != (len(conditions) < 2):
        expected = "connector 0" if len(conditions) < 2 else "connector 1 or 2"
        raise broken(place, f"{expected} for {len(conditions)} conditions", given["cond_conn_op"])


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
