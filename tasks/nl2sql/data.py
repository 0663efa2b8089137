"""Write the NL2SQL dataset from the raw files; `tasks.nl2sql.dataset` reads it.

A dataset is a folder with three files for each part, in the order of the raw files: `<part>.jsonl`, one
question a line (id, text, table, query; the test has no query), `<part>.tables.jsonl`, one table a line (id,
name, title, header, types, rows), and `<part>.db`, the tables in SQLite; an absent validation part has empty
ones. Further files are `characters.json`, the normalised characters of the training questions, headers and
titles with their counts, the most frequent first; and `notes.json`, counts and notes.
Its bytes depend on the contents of the raw files, on the settings and on SQLite's version.
"""

import logging
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

from tasks.core.competition import Part
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.database_writer import DatabaseWriter
from tasks.nl2sql.query.schema import Question, Table, to_json
from tasks.nl2sql.raw.validation import read_all
from tasks.text import dataset_files

_log = logging.getLogger("podium")


def load(data: Data, folder: Path) -> None:
    """Check the raw files and write the dataset into an empty folder.

    The folder stays empty unless all files are valid.

    Raises:
        InvalidData: all problems of the raw files.
    """
    # Tables and questions are written as they are read, so that memory does not grow with their number.
    with TemporaryDirectory(dir=folder) as temporary:
        drafts = Path(temporary)
        with ExitStack() as stack:
            statistics = read_all(data, _Drafts(drafts, stack))
        for draft in sorted(drafts.iterdir()):
            draft.replace(folder / draft.name)
    dataset_files.write(folder / "characters.json", statistics.characters())
    dataset_files.write(folder / "notes.json", summary := statistics.summary())
    for entry in summary["notes"]:
        _log.info("%s", entry["message"])


def count(data: Data, *, workers: int | None = None) -> dict[str, Any]:
    """The counts and notes that `load` would write, after the same checks; writes nothing.

    `workers` exists for the other competitions: one thread reads all tables in seconds.

    Raises:
        InvalidData: as `load`.
    """
    return read_all(data, None).summary()


class _Drafts:
    """The open files of all parts."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._files: dict[str, TextIO] = {}
        self._databases: dict[Part, DatabaseWriter] = {}
        for part in dataset_files.PARTS:
            for name in (part, f"{part}.tables"):
                file = (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n")
                self._files[name] = stack.enter_context(file)
            self._databases[part] = stack.enter_context(DatabaseWriter(folder / f"{part}.db"))

    def add_table(self, part: Part, table: Table) -> None:
        self._databases[part].add(table)
        self._files[f"{part}.tables"].write(dataset_files.line(table._asdict()))

    def add_question(self, part: Part, question: Question) -> None:
        value = question._asdict()
        query = value.pop("query")
        if part != "test":
            value["query"] = query and to_json(query)
        self._files[part].write(dataset_files.line(value))
