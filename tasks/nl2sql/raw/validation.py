"""Read the raw files of parts once: report problems, pass on tables and questions, count their properties."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.nl2sql.config import Data
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.query.sql import case_folded
from tasks.nl2sql.raw.files import PartFiles, check_paths, check_root, part_files
from tasks.nl2sql.raw.questions import ParsedQuestion, parse_question
from tasks.nl2sql.raw.reference_database import open_reference
from tasks.nl2sql.raw.statistics import PartStatistics
from tasks.nl2sql.raw.tables import LONGEST_LINE_BYTES, parse_table
from tasks.text.validation import json_lines
from tasks.text.validation.raw_files import LineProgress, interleaved


class Sink(Protocol):
    """Receives tables and questions as they are read, all tables of a part before its questions."""

    def add_table(self, part: Part, table: Table) -> None:
        """Receive a valid table."""

    def add_question(self, part: Part, question: Question) -> None:
        """Receive a valid question."""


def read_parts(data: Data, parts: Sequence[Part], sink: Sink) -> list[PartStatistics]:
    """Read and check the files of these parts, and no others; what is kept are headers, counts and digests.

    A validation part without files is empty.

    Raises:
        InvalidData: all problems of the files.
    """
    check_root(data)
    problems: list[Problem] = []
    files = {part: part_files(data, part) for part in parts}
    progress = LineProgress(_total_bytes(list(files.values())), of="lines")
    read = [_read_part(data, part, files[part], problems, progress, sink) for part in parts]
    if problems:
        raise InvalidData(interleaved(problems))
    return read


def _total_bytes(parts: Sequence[PartFiles | None]) -> int:
    files = [file for part in parts if part for file in (part.questions, part.tables)]
    return sum(file.stat().st_size for file in files if file.is_file())


def _read_part(
    data: Data,
    part: Part,
    files: PartFiles | None,
    problems: list[Problem],
    progress: LineProgress,
    sink: Sink,
) -> PartStatistics:
    statistics = PartStatistics(part)
    if files is None:
        return statistics
    problems += check_paths(data, files)
    tables, complete = _read_tables(files, problems, progress, statistics, sink)
    for parsed in _read_questions(files, tables, problems, progress, complete=complete):
        if table := tables.get(parsed.question.table):
            statistics.add_question(parsed, table)
            sink.add_question(part, parsed.question)
    return statistics


def _read_tables(
    files: PartFiles,
    problems: list[Problem],
    progress: LineProgress,
    statistics: PartStatistics,
    sink: Sink,
) -> tuple[dict[str, Table], bool]:
    """The valid tables of a part by id, without their rows, and whether all its tables are valid."""
    if not files.tables.is_file():
        return {}, False
    tables: dict[str, Table] = {}
    table_problems: list[Problem] = []
    with open_reference(files.database, problems) as database:
        for table in _valid_tables(files.tables, table_problems, progress):
            statistics.add_table(table)
            if database:
                for example in database.differing_cells(table):
                    statistics.add_differing_cell(example)
            sink.add_table(files.part, table)
            tables[table.id] = table._replace(rows=())
    problems += table_problems
    return tables, not table_problems


def _valid_tables(file: Path, problems: list[Problem], progress: LineProgress) -> Iterator[Table]:
    """The valid tables, each with a unique id and a unique name."""
    first: dict[tuple[str, str], int] = {}
    lines = json_lines.objects(file, problems, on_line=progress.add_line, longest=LONGEST_LINE_BYTES)
    for number, value in lines:
        table = parse_table(value)
        if isinstance(table, list):
            problems += [Problem(file, number, *wrong) for wrong in table]
            continue
        is_unique = True
        for kind, key in {"id": table.id, "name, ignoring case": case_folded(table.name)}.items():
            if (line := first.setdefault((kind, key), number)) != number:
                is_unique = False
                received = f"{json_lines.described(key)} of line {line:,} again"
                problems.append(Problem(file, number, f"a unique {kind}", received))
        if is_unique:
            yield table


def _read_questions(
    files: PartFiles,
    tables: dict[str, Table],
    problems: list[Problem],
    progress: LineProgress,
    *,
    complete: bool,
) -> Iterator[ParsedQuestion]:
    """The valid questions."""
    if not files.questions.is_file():
        return
    labelled = files.part != "test"
    for number, value in json_lines.objects(files.questions, problems, on_line=progress.add_line):
        name = f"{files.questions.stem}:{number}"
        parsed = parse_question(value, name, tables, labelled=labelled, complete=complete)
        if isinstance(parsed, list):
            problems += [Problem(files.questions, number, *wrong) for wrong in parsed]
        else:
            yield parsed
