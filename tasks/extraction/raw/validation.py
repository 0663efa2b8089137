"""All raw files read once: what is wrong with them, what they hold, what is worth a note."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.competition import Part
from tasks.core.errors import InvalidData, Problem
from tasks.extraction.config import Data
from tasks.extraction.raw import files, sentences
from tasks.extraction.raw.statistics import Findings
from tasks.extraction.records import Record
from tasks.text.validation import json_lines
from tasks.text.validation.raw_files import LineProgress, interleaved

Sink = Callable[[Part, Record], None]
"""(part, record): is given each sentence as it is read, wrong ones later or not."""


class Survey(NamedTuple):
    """What is known once all files are read."""

    schema: list[dict[str, str]]
    characters: list[tuple[str, int]]
    alias: dict[str, list[str]]
    location: dict[str, list[str]]
    summary: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "examples"}, …]}`."""


def survey(data: Data, sink: Sink | None) -> Survey:
    """Read and check all files; only counts and digests of sentences are kept.

    Raises:
        InvalidData: all that is wrong with them.
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    problems = files.check_places(data)
    absent = {problem.file for problem in problems}
    root = Path(data.root).expanduser()
    schema = None if root / files.SCHEMA in absent else files.read_schema(root / files.SCHEMA, problems)
    alias, location = (
        files.read_dictionary(root / name, problems) if name and root / name not in absent else {}
        for name in (data.alias, data.location)
    )
    findings = Findings(longest=data.longest)
    for part, sentence in _sentences(data, schema, problems):
        findings.add(part, sentence)
        if sink:
            sink(part, sentence.record)
    if not problems and not findings.triples("train"):
        received = "sentences that have none"
        problems.append(Problem(root / files.TRAIN, None, "triples to learn from", received))
    if problems or schema is None:
        raise InvalidData(interleaved(problems))
    summary = {"counts": findings.counts(schema.types), "notes": findings.notes(schema.types)}
    return Survey(schema.rows, findings.normalised_characters(), alias, location, summary)


def _sentences(
    data: Data, schema: files.Schema | None, problems: list[Problem]
) -> Iterator[tuple[Part, sentences.Sentence]]:
    """The sentences that nothing is wrong with, of the files that are there."""
    sources = [source for source in files.sources(data) if source.file.is_file()]
    progress = LineProgress(sum(source.file.stat().st_size for source in sources), of="sentences")
    known = schema.types if schema else None
    for part, file in sources:
        for number, value in json_lines.objects(file, problems, on_line=progress.add_line):
            name = f"{file.stem}:{number}"
            found = sentences.sentence(value, name, labelled=part != "test", known=known)
            if isinstance(found, sentences.Sentence):
                yield part, found
            else:
                problems += [Problem(file, number, *wrong) for wrong in found]
