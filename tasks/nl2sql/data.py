"""Write the NL2SQL dataset from the raw files; `tasks.nl2sql.dataset` reads it.

Each part has four files, in the order of its raw files: `<part>.jsonl`, one question a line (id, text, table,
query, and `given` where the file's label differs; the test has no query), `<part>.tables.jsonl`, one table a
line (id, name, title, header, types, rows), `<part>.db`, the tables in SQLite, and `<part>.notes.json`,
counts and notes; those of an absent validation part are empty. The training part has `characters.json` too,
the normalised characters of its questions, headers and titles with their counts, the most frequent first.
The bytes depend on the contents of the part's raw files and on SQLite's version.
"""

import logging
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.core.competition import Part
from tasks.core.dataset import added, notes_file
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.database_writer import DatabaseWriter
from tasks.nl2sql.query.schema import Question, Table, to_json
from tasks.nl2sql.raw.part_overlap import PartOverlap
from tasks.nl2sql.raw.statistics import MESSAGES
from tasks.nl2sql.raw.validation import read_parts
from tasks.text import dataset_files

_log = logging.getLogger("podium")


def load(data: Data, part: Part, folder: Path) -> None:
    """Check the raw files of a part and write it into an empty folder.

    The folder stays empty unless all these files are valid; those of other parts need not exist.

    Raises:
        InvalidData: all problems of the part's raw files.
    """
    # Tables and questions are written as they are read, so that memory does not grow with their number.
    with TemporaryDirectory(dir=folder) as temporary:
        drafts = Path(temporary)
        with ExitStack() as stack:
            (statistics,) = read_parts(data, [part], _Drafts(drafts, part, stack))
        for draft in sorted(drafts.iterdir()):
            draft.replace(folder / draft.name)
    if part == "train":
        dataset_files.write(folder / "characters.json", statistics.characters())
    dataset_files.write(folder / notes_file(part), summary := statistics.summary())
    for entry in summary["notes"]:
        _log.info("%s", entry["message"])


def count(data: Data, *, workers: int | None = None) -> dict[str, Any]:
    """The counts and notes of all parts that `load` would write, after the same checks, and those of
    `tasks.nl2sql.overlap`; writes nothing.

    `workers` exists for the other competitions: one thread reads all tables in seconds.

    Raises:
        InvalidData: all problems of all parts.
    """
    between = PartOverlap()
    summaries = [statistics.summary() for statistics in read_parts(data, dataset_files.PARTS, between)]
    counts = dict(chain.from_iterable(summary["counts"].items() for summary in summaries))
    merged: dict[str, dict[str, Any]] = {}
    for note in chain.from_iterable(summary["notes"] for summary in summaries):
        merged[note["kind"]] = added(merged.get(note["kind"]), note)
    notes = [merged[kind] for kind in MESSAGES if kind in merged]
    return {"counts": counts | between.counts(), "notes": [*notes, *between.notes()]}


class _Drafts:
    """The open files of a part."""

    def __init__(self, folder: Path, part: Part, stack: ExitStack) -> None:
        questions, tables = (folder / f"{name}.jsonl" for name in (part, f"{part}.tables"))
        self._questions = stack.enter_context(questions.open("w", encoding="utf-8", newline="\n"))
        self._tables = stack.enter_context(tables.open("w", encoding="utf-8", newline="\n"))
        self._database = stack.enter_context(DatabaseWriter(folder / f"{part}.db"))

    def add_table(self, part: Part, table: Table) -> None:
        self._database.add(table)
        self._tables.write(dataset_files.line(table._asdict()))

    def add_question(self, part: Part, question: Question) -> None:
        value = question._asdict()
        query, given = value.pop("query"), value.pop("given")
        if part != "test":
            value["query"] = query and to_json(query)
            value |= {"given": to_json(given)} if given else {}
        self._questions.write(dataset_files.line(value))
