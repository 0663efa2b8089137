"""All raw files read once: what is wrong with them, what they hold, what is worth a note."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.query.sql import case_folded
from tasks.nl2sql.raw import files as raw
from tasks.nl2sql.raw.questions import Asked, question_of
from tasks.nl2sql.raw.reference_database import shipped
from tasks.nl2sql.raw.statistics import Findings
from tasks.nl2sql.raw.tables import LONGEST_LINE_BYTES, table_of
from tasks.text.validation import json_lines
from tasks.text.validation.raw_files import LineProgress, interleaved


class Known(NamedTuple):
    """The tables of a part."""

    tables: dict[str, Table]
    """By id, without their rows."""
    complete: bool
    """They are all: nothing was wrong with any."""


class Sink(Protocol):
    """Is given what is read as it is read, all tables of a part before its questions."""

    def add_table(self, part: Part, table: Table) -> None:
        """A table that nothing is wrong with."""

    def add_question(self, part: Part, question: Question) -> None:
        """A question that nothing is wrong with."""


class Survey(NamedTuple):
    """What is known once all files are read."""

    characters: list[tuple[str, int]]
    summary: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "examples"}, …]}`."""


def survey(data: Data, sink: Sink | None) -> Survey:
    """Read and check all files; of tables the headers are kept, of questions counts and digests.

    Raises:
        InvalidData: all that is wrong with them.
    """
    problems = raw.check_places(data)
    findings = Findings()
    sources = raw.sources(data)
    files = [file for source in sources for file in (source.questions, source.tables) if file.is_file()]
    progress = LineProgress(sum(file.stat().st_size for file in files), of="lines")
    for source in sources:
        known = _tables(source, problems, progress, findings, sink)
        for asked in _questions(source, known, problems, progress):
            if table := known.tables.get(asked.question.table):
                findings.add_question(source.part, asked, table)
                if sink:
                    sink.add_question(source.part, asked.question)
    if problems:
        raise InvalidData(interleaved(problems))
    return Survey(findings.characters(), {"counts": findings.counts(), "notes": findings.notes()})


def _tables(
    source: raw.Source, problems: list[Problem], progress: LineProgress, findings: Findings, sink: Sink | None
) -> Known:
    if not source.tables.is_file():
        return Known({}, complete=False)
    known: dict[str, Table] = {}
    wrong: list[Problem] = []
    with shipped(source.database, problems) as database:
        for found in _distinct(source.tables, wrong, progress):
            findings.add_table(source.part, found)
            if database:
                for example in database.differing_cells(found):
                    findings.add_differing_cell(example)
            if sink:
                sink.add_table(source.part, found)
            known[found.id] = found._replace(rows=())
    problems += wrong
    return Known(known, complete=not wrong)


def _distinct(file: Path, problems: list[Problem], progress: LineProgress) -> Iterator[Table]:
    """The tables that nothing is wrong with, each with an id and a name of its own."""
    first: dict[tuple[str, str], int] = {}
    for number, value in json_lines.objects(
        file, problems, on_line=progress.add_line, longest=LONGEST_LINE_BYTES
    ):
        found = table_of(value)
        if isinstance(found, list):
            problems += [Problem(file, number, *wrong) for wrong in found]
            continue
        stated = {"an id": found.id, "a name, case aside,": case_folded(found.name)}
        earlier = {what: first.setdefault((what, name), number) for what, name in stated.items()}
        again = {what: line for what, line in earlier.items() if line != number}
        for what, line in again.items():
            received = f"{json_lines.shown(stated[what])} of line {line:,} again"
            problems.append(Problem(file, number, f"{what} of its own", received))
        if not again:
            yield found


def _questions(
    source: raw.Source, known: Known, problems: list[Problem], progress: LineProgress
) -> Iterator[Asked]:
    """The questions that nothing is wrong with."""
    if not source.questions.is_file():
        return
    for number, value in json_lines.objects(source.questions, problems, on_line=progress.add_line):
        name = f"{source.questions.stem}:{number}"
        labelled = source.part != "test"
        found = question_of(value, name, labelled=labelled, known=known.tables, complete=known.complete)
        if isinstance(found, list):
            problems += [Problem(source.questions, number, *wrong) for wrong in found]
        else:
            yield found
