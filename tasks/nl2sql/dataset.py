"""Read the parts that `tasks.nl2sql.data` writes; a module of its own, so that the keys of trainings do
not rest on the code that checks raw files.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.core.competition import FoldKey, Part
from tasks.core.dataset import Dataset
from tasks.learning.folds.strata import first_of_same, strata
from tasks.nl2sql.query.schema import CONNECTORS, NONE, Question, Table, from_json
from tasks.text import dataset_files

VIEW_FILE = "questions.jsonl"
"""Augmented questions in the folder of a view."""


def questions(dataset: Dataset, part: Part) -> list[Question]:
    """The questions of a part in the order of the raw file; those of the test part have no query."""
    return list(stream(dataset, part))


def stream(dataset: Dataset, part: Part) -> Iterator[Question]:
    """The questions of a part one by one, so that any number of them takes the same memory."""
    return map(_question, dataset_files.records(dataset, part))


def ids(dataset: Dataset, part: Part) -> list[str]:
    """The ids of a part, in the order of its records."""
    return dataset_files.ids(dataset, part)


def tables(dataset: Dataset, part: Part) -> dict[str, Table]:
    """The tables of a part by id, in the order of the raw file."""
    return {table.id: table for table in stream_tables(dataset, part)}


def stream_tables(dataset: Dataset, part: Part) -> Iterator[Table]:
    """The tables of a part one by one."""
    return map(_table, dataset_files.read_lines(dataset / f"{part}.tables.jsonl"))


def database(dataset: Dataset, part: Part) -> Path:
    """SQLite file with a part's tables: each by its `name`, with columns `col_1`, `col_2`, …"""
    return dataset / f"{part}.db"


def fold_key(dataset: Dataset) -> FoldKey:
    """Group questions by table, so that no model is evaluated on a table that it was trained on.

    Tables of equal content are one group. Strata are the connector of the query and whether other tables have
    the same header.
    """
    headers, hashes = {}, {}
    for table in stream_tables(dataset, "train"):
        headers[table.id] = table.header
        hashes[table.id] = content_hash(table)
    header_counts = Counter(headers.values())
    names, features, groups = [], [], []
    for question in stream(dataset, "train"):
        names.append(question.id)
        source = "alone" if header_counts[headers[question.table]] == 1 else "shared"
        connector = question.query.connector if question.query else NONE
        features.append({source, f"{source} {CONNECTORS[connector]}"})
        groups.append(hashes[question.table])
    return FoldKey(names, strata(features), first_of_same(groups))


def content_hash(table: Table) -> int:
    """Equal for tables of the same header and rows, in one process."""
    return hash((table.header, table.rows))


def read_view(folder: Path) -> list[Question]:
    """The questions of one view, in the order of the training questions, each with its query.

    A question may be asked of another table of the training part than the one it was made of.
    """
    rows = dataset_files.read_lines(folder / VIEW_FILE)
    return [Question(id, text, table, from_json(query)) for id, text, table, query in rows]


def _question(value: dict[str, Any]) -> Question:
    query, given = (each and from_json(each) for each in (value.get("query"), value.get("given")))
    return Question(value["id"], value["text"], value["table"], query, given)


def _table(value: dict[str, Any]) -> Table:
    header, types = tuple(value["header"]), tuple(value["types"])
    return Table(value["id"], value["name"], value["title"], header, types, tuple(map(tuple, value["rows"])))
