"""All raw files read once: what is wrong with them, what they hold, what is worth a note."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.errors import InvalidData, Problem
from tasks.extraction import lines, raw, sentences
from tasks.extraction.config import Data
from tasks.extraction.dataset import Part
from tasks.extraction.findings import Findings
from tasks.extraction.records import Record

Sink = Callable[[Part, Record], None]
"""(part, record): is given each sentence as it is read, wrong ones later or not."""

_log = logging.getLogger("podium")
_PROGRESS_SECONDS = 5.0
_SHOWN_OF_A_FILE = 5


class Survey(NamedTuple):
    """What is known once all files are read."""

    schema: list[dict[str, str]]
    characters: list[tuple[str, int]]
    alias: dict[str, list[str]]
    location: dict[str, list[str]]
    summary: dict[str, Any]
    """`{"counts": {…}, "notes": [{"kind", "message", "examples"}, …]}`."""


class _Progress:
    """Says now and then how far the reading is."""

    def __init__(self, total_bytes: int) -> None:
        self.total, self.bytes, self.lines = total_bytes, 0, 0
        self.start = self.last = time.monotonic()

    def read(self, size: int) -> None:
        self.bytes, self.lines = self.bytes + size, self.lines + 1
        now = time.monotonic()
        if now - self.last >= _PROGRESS_SECONDS:
            self.last, spent = now, now - self.start
            left = spent * (self.total - self.bytes) / self.bytes
            rate = self.lines / spent
            _log.info("%s sentences read, %s a second, %.0f s left", f"{self.lines:,}", f"{rate:,.0f}", left)


def survey(data: Data, sink: Sink | None) -> Survey:
    """Read and check all files; only counts and digests of sentences are kept.

    Raises:
        InvalidData: all that is wrong with them.
        InvalidSettings: a file lies outside data.root, or two would give their sentences the same ids.
    """
    problems = raw.check_places(data)
    absent = {problem.file for problem in problems}
    root = Path(data.root).expanduser()
    schema = None if root / raw.SCHEMA in absent else raw.read_schema(root / raw.SCHEMA, problems)
    alias, location = (
        raw.read_dictionary(root / name, problems) if name and root / name not in absent else {}
        for name in (data.alias, data.location)
    )
    findings = Findings(longest=data.longest)
    for part, sentence in _sentences(data, schema, problems):
        findings.add(part, sentence)
        if sink:
            sink(part, sentence.record)
    if not problems and not findings.triples("train"):
        received = "sentences that have none"
        problems.append(Problem(root / raw.TRAIN, None, "triples to learn from", received))
    if problems or schema is None:
        raise InvalidData(_in_turn(problems))
    summary = {"counts": findings.counts(schema.types), "notes": findings.notes(schema.types)}
    return Survey(schema.rows, findings.normalised_characters(), alias, location, summary)


def _sentences(
    data: Data, schema: raw.Schema | None, problems: list[Problem]
) -> Iterator[tuple[Part, sentences.Sentence]]:
    """The sentences that nothing is wrong with, of the files that are there."""
    sources = [source for source in raw.sources(data) if source.file.is_file()]
    progress = _Progress(sum(source.file.stat().st_size for source in sources))
    known = schema.types if schema else None
    for part, file in sources:
        for number, value in lines.objects(file, problems, read=progress.read):
            name = f"{file.stem}:{number}"
            found = sentences.sentence(value, name, labelled=part != "test", known=known)
            if isinstance(found, sentences.Sentence):
                yield part, found
            else:
                problems += [Problem(file, number, *wrong) for wrong in found]


def _in_turn(problems: list[Problem]) -> list[Problem]:
    """A few of each file before more of any, so that a message that is cut short names all files."""
    seen: Counter[Path | str] = Counter()
    turns = []
    for problem in problems:
        turns.append(seen[problem.file] // _SHOWN_OF_A_FILE)
        seen[problem.file] += 1
    order = sorted(range(len(problems)), key=turns.__getitem__)
    return [problems[position] for position in order]
