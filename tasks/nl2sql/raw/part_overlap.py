"""Find tables and questions of a part in earlier parts too: training, validation, test."""

from collections import Counter
from typing import Any

from tasks.core.competition import Part
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.raw.digests import question_digest, table_digest
from tasks.text.dataset_files import PARTS
from tasks.text.validation.raw_files import FirstEntries, Notes

MESSAGES = {
    "changed_table": "tables whose id has other contents in an earlier part",
    "validation_leak": "validation questions that are also in training: scores on them are too high",
    "test_leak": "test questions that are also in training or validation",
}
"""Kinds of notes in the order of the list."""


class PartOverlap:
    """Compares parts while they are read; add all tables of a part before its questions, the training part
    first, then validation. Of each table and question a digest is kept.
    """

    def __init__(self) -> None:
        self._notes = Notes(MESSAGES)
        self._counts: Counter[str] = Counter()
        self._tables: dict[Part, dict[str, bytes]] = {part: {} for part in PARTS}
        self._questions: FirstEntries[str] = FirstEntries()

    def add_table(self, part: Part, table: Table) -> None:
        """Compare a table with those of the same id in earlier parts."""
        digest = table_digest(table)
        self._tables[part][table.id] = digest
        earlier = (self._tables[other].get(table.id) for other in PARTS[: PARTS.index(part)])
        if any(other not in (None, digest) for other in earlier):
            self._notes.add("changed_table", table.id)

    def add_question(self, part: Part, question: Question) -> None:
        """Look for a question in earlier parts, and for its table in training."""
        if part != "train" and question.table not in self._tables["train"]:
            self._counts[f"{part} questions of tables that are not in training"] += 1
        _, earlier = self._questions.add(part, question_digest(question), question.id)
        if earlier:
            self._notes.add(f"{part}_leak", f"{question.id} and {earlier}")

    def counts(self) -> dict[str, int]:
        """Numbers of validation and test questions whose table is not among the training part's, by name."""
        return dict(self._counts)

    def notes(self) -> list[dict[str, Any]]:
        """`{"kind", "message", "count", "examples"}` of each kind that was found."""
        return self._notes.listed()
