"""Read the raw files of some parts once: report problems, pass on sentences, count their properties."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

from tasks.core.competition import Part
from tasks.core.dataset import note
from tasks.core.errors import InvalidData, Problem
from tasks.core.raw_paths import root_folder
from tasks.extraction.config import SCHEMA, TRAIN, Data
from tasks.extraction.raw import files, sentences
from tasks.extraction.raw.statistics import SentenceStatistics
from tasks.extraction.records import Record
from tasks.text.validation import json_lines
from tasks.text.validation.raw_files import LineProgress, interleaved

Sink = Callable[[Part, Record], None]
"""(part, record): receives each valid sentence as it is read, also if a later line has a problem."""


class RawContents(NamedTuple):
    """The contents of raw files but the sentences themselves; empty where no part needs them."""

    schema: list[dict[str, str]]
    characters: list[tuple[str, int]]
    alias: dict[str, list[str]]
    location: dict[str, list[str]]
    unlabelled: dict[str, list[str]]
    """Predicates that are unknown in the sentences of a training file, by its stem."""
    summary: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "count", "examples"}, …]}`."""


def read_parts(data: Data, parts: Collection[Part], sink: Sink | None) -> RawContents:
    """Read and check the files of these parts; only counts and digests of sentences are kept.

    Raises:
        InvalidData: all problems of the files.
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    problems = files.check_paths(data, parts)
    root = root_folder(data.root)
    present = files.purposes(data, parts).keys() - {problem.file for problem in problems}
    schema = files.read_schema(root / SCHEMA, problems) if root / SCHEMA in present else None
    replaced: list[str] = []
    alias, location = (
        files.read_dictionary(root / name, problems, replaced) if name and root / name in present else {}
        for name in (data.alias, data.location)
    )
    statistics = SentenceStatistics(parts, longest=data.longest)
    for part, sentence in _sentences(data, parts, schema, problems):
        statistics.add(part, sentence)
        if sink:
            sink(part, sentence.record)
    if not problems and "train" in parts and not statistics.triples("train"):
        received = "sentences that have none"
        problems.append(Problem(root / TRAIN, None, "triples to learn from", received))
    if problems:
        raise InvalidData(interleaved(problems))
    rows, types = schema or files.Schema([], {})
    unlabelled = statistics.unlabelled() if data.unlabelled == "unknown" else {}
    notes = [*_replaced_notes(replaced), *statistics.notes(types, unlabelled)]
    summary = {"counts": statistics.counts(types), "notes": notes}
    names = {file: list(predicates) for file, predicates in unlabelled.items()}
    return RawContents(rows, statistics.normalised_characters(), alias, location, names, summary)


def _replaced_notes(replaced: list[str]) -> list[dict[str, Any]]:
    text = "keys that a dictionary has again, of which the scorer reads the last line alone"
    return [note("replaced", text, len(replaced), replaced[:5])] if replaced else []


def _sentences(
    data: Data, parts: Collection[Part], schema: files.Schema | None, problems: list[Problem]
) -> Iterator[tuple[Part, sentences.ParsedSentence]]:
    """Yield the valid sentences of the files that exist; problems of the others are appended."""
    existing = [each for each in files.sentence_files(data, parts) if each.file.is_file()]
    progress = LineProgress(sum(each.file.stat().st_size for each in existing), of="sentences")
    known = schema.types if schema else None
    for part, file in existing:
        for number, value in json_lines.objects(file, problems, on_line=progress.add_line):
            name = f"{file.stem}:{number}"
            parsed = sentences.parse_sentence(value, name, labelled=part != "test", known=known)
            if isinstance(parsed, sentences.ParsedSentence):
                yield part, parsed
            else:
                problems += [Problem(file, number, *mismatch) for mismatch in parsed]
