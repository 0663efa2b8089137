"""Read all raw files once: report problems, pass on tables and questions, count their properties."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.query.sql import case_folded
from tasks.nl2sql.raw.files import PartFiles, check_paths, part_files
from tasks.nl2sql.raw.questions import ParsedQuestion, parse_question
from tasks.nl2sql.raw.reference_database import open_reference
from tasks.nl2sql.raw.statistics import DatasetStatistics
from tasks.nl2sql.raw.tables import LONGEST_LINE_BYTES, parse_table
from tasks.text.validation import json_lines
from tasks.text.validation.raw_files import LineProgress, interleaved


class PartTables(NamedTuple):
    """The valid tables of a part."""

    tables: dict[str, Table]
    """By id, without their rows."""
    complete: bool
    """Whether all tables of the part are valid."""


class Sink(Protocol):
    """Receives tables and questions as they are read, all tables of a part before its questions."""

    def add_table(self, part: Part, table: Table) -> None:
        """Receive a valid table."""

    def add_question(self, part: Part, question: Question) -> None:
        """Receive a valid question."""


class DatasetSummary(NamedTuple):
    """Counts and notes of all files."""

    characters: list[tuple[str, int]]
    notes: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "examples"}, …]}`."""


def read_all(data: Data, sink: Sink | None) -> DatasetSummary:
    """Read and check all files; of tables the headers are kept, of questions counts and digests.

    Raises:
        InvalidData: all problems of the files.
    """
    problems = check_paths(data)
    statistics = DatasetStatistics()
    parts = part_files(data)
    files = [file for part in parts for file in (part.questions, part.tables) if file.is_file()]
    progress = LineProgress(sum(file.stat().st_size for file in files), of="lines")
    for part in parts:
        tables = _read_tables(part, problems, progress, statistics, sink)
        for parsed in _read_questions(part, tables, problems, progress):
            if table := tables.tables.get(parsed.question.table):
                statistics.add_question(part.part, parsed, table)
                if sink:
                    sink.add_question(part.part, parsed.question)
    if problems:
        raise InvalidData(interleaved(problems))
    return DatasetSummary(
        statistics.characters(), {"counts": statistics.counts(), "notes": statistics.notes()}
    )


def _read_tables(
    files: PartFiles,
    problems: list[Problem],
    progress: LineProgress,
    statistics: DatasetStatistics,
    sink: Sink | None,
) -> PartTables:
    if not files.tables.is_file():
        return PartTables({}, complete=False)
    tables: dict[str, Table] = {}
    table_problems: list[Problem] = []
    with open_reference(files.database, problems) as database:
        for table in _valid_tables(files.tables, table_problems, progress):
            statistics.add_table(files.part, table)
            if database:
                for example in database.differing_cells(table):
                    statistics.add_differing_cell(example)
            if sink:
                sink.add_table(files.part, table)
            tables[table.id] = table._replace(rows=())
    problems += table_problems
    return PartTables(tables, complete=not table_problems)


def _valid_tables(file: Path, problems: list[Problem], progress: LineProgress) -> Iterator[Table]:
    """The valid tables, each with a unique id and a unique name."""
    first: dict[tuple[str, str], int] = {}
    for number, value in json_lines.objects(
        file, problems, on_line=progress.add_line, longest=LONGEST_LINE_BYTES
    ):
        table = parse_table(value)
        if isinstance(table, list):
            problems += [Problem(file, number, *wrong) for wrong in table]
            continue
        keys = {"id": table.id, "name, ignoring case": case_folded(table.name)}
        lines = {kind: first.setdefault((kind, key), number) for kind, key in keys.items()}
        repeated = {kind: line for kind, line in lines.items() if line != number}
        for kind, line in repeated.items():
            received = f"{json_lines.described(keys[kind])} of line {line:,} again"
            problems.append(Problem(file, number, f"a unique {kind}", received))
        if not repeated:
            yield table


def _read_questions(
    files: PartFiles, tables: PartTables, problems: list[Problem], progress: LineProgress
) -> Iterator[ParsedQuestion]:
    """The valid questions."""
    if not files.questions.is_file():
        return
    labelled = files.part != "test"
    for number, value in json_lines.objects(files.questions, problems, on_line=progress.add_line):
        name = f"{files.questions.stem}:{number}"
        parsed = parse_question(value, name, tables.tables, labelled=labelled, complete=tables.complete)
        if isinstance(parsed, list):
            problems += [Problem(files.questions, number, *wrong) for wrong in parsed]
        else:
            yield parsed
