"""The competition's submission: a zip of one file of JSON lines, a sentence with its triples by line."""

import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from tasks.core.cache.store import atomic_file
from tasks.core.dataset import Dataset
from tasks.core.errors import InvalidSubmission
from tasks.core.printable import printable
from tasks.core.submission_file import check_size, opened
from tasks.extraction.answers import answered
from tasks.extraction.dataset import schema, stream
from tasks.extraction.records import Triple, normal_name
from tasks.learning.ensemble.candidates import Candidates
from tasks.text.validation.submission_lines import broken, objects, short

FILE = "submission.zip"
MEMBER = "result.json"
STRINGS = ("subject", "predicate", "object")
TYPES = ("subject_type", "object_type")
KEYS = {"text": str, "spo_list": list}
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip entry; with a fixed date equal answers give equal bytes."""


DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
)
"""What reading a damaged archive raises."""


def answer(text: str, triples: Iterable[Triple], schema_rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A sentence as it is submitted; types are those of the predicate's first row in the schema."""
    rows: dict[str, Mapping[str, str]] = {}
    for row in schema_rows:
        rows.setdefault(row["predicate"], row)
    spo_list = [
        dict(zip(STRINGS, triple, strict=True)) | {key: rows[triple[1]][key] for key in TYPES}
        for triple in triples
    ]
    return {"text": text, "spo_list": spo_list}


def decode(
    pieces: Iterable[Candidates], dataset: Dataset, decision: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """The answer to each test sentence, by thresholds and rules (`tasks.extraction.answers`)."""
    texts = (record.text for record in stream(dataset, "test"))
    rows = schema(dataset)
    for values in pieces:
        of_piece = list(islice(texts, len(values)))
        triples = answered(values, of_piece, decision)
        yield from (answer(text, found, rows) for text, found in zip(of_piece, triples, strict=True))


def write(ids: list[str], answers: Iterable[Any], file: Path) -> None:
    """Write the answers, as `answer` builds them, in the order of the ids."""
    entry = zipfile.ZipInfo(MEMBER, FIRST_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o644 << 16
    with (
        atomic_file(file) as content,
        zipfile.ZipFile(content, "w") as archive,
        archive.open(entry, "w") as lines,
    ):
        for _, answer in zip(ids, answers, strict=True):
            lines.write((json.dumps(answer, ensure_ascii=False) + "\n").encode("utf-8"))


def check(file: Path, ids: list[str], dataset: Dataset) -> int:
    """Count the sentences of a submission, which must keep every rule.

    Subjects and objects need not occur in the text: post-repair rules may have joined or completed names.

    Raises:
        InvalidSubmission: the first broken rule, with member and line.
    """
    sentences = ((record.id, record.text) for record in stream(dataset, "test"))
    rows = {(row["subject_type"], row["predicate"], row["object_type"]) for row in schema(dataset)}
    number = 0
    with _member(file) as (member, lines):
        for number, place, entry in objects(lines, f"{file}: {member}", keys=KEYS):
            if number > len(ids):
                raise InvalidSubmission(f"{place}: expected no line after the {len(ids)} test sentences'")
            text = next(text for id, text in sentences if id == ids[number - 1])
            if entry["text"] != text:
                expected = f"the text of test sentence {ids[number - 1]}, {short(text)}"
                raise broken(place, expected, entry["text"])
            _check_triples(entry["spo_list"], rows, place)
    if number < len(ids):
        raise InvalidSubmission(
            f"{file}: {member}: expected a line for each of {len(ids)} test sentences, received {number}"
        )
    return number


@contextmanager
def _member(file: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and contents of the only file in the archive, which is whole."""
    with opened(file) as content, ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(content))
            entry = _only_entry(archive.infolist(), file)
            _check_sizes(content, entry)
            _check_whole(archive, entry, file)
            lines = stack.enter_context(archive.open(entry))
        except (*DAMAGES, RuntimeError) as error:  # RuntimeError: a checksum that takes a password
            raise InvalidSubmission(
                f"{file}: expected a whole zip archive, received one that is not: {error}"
            ) from None
        yield printable(entry.filename), lines


def _check_sizes(content: IO[bytes], entry: zipfile.ZipInfo) -> None:
    """Raise BadZipFile if the entry's own header and the directory differ in sizes: programs read either."""
    content.seek(entry.header_offset)
    _, _, flags, _, _, _, _, *sizes, _, _ = struct.unpack("<4s5H3I2H", content.read(30))
    stated = [entry.compress_size, entry.file_size]
    in_other_places = flags & 8 or any(size == 0xFFFFFFFF for size in sizes)
    if not in_other_places and sizes != stated:
        raise zipfile.BadZipFile(f"{printable(entry.filename)} has sizes {sizes} and, elsewhere, {stated}")


def _check_whole(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file: Path) -> None:
    """Read the entry once: damage anywhere is told before a line is taken for wrong."""
    check_size(entry.file_size, f"{file}: {printable(entry.filename)}")
    size = 0
    with archive.open(entry) as content:
        while piece := content.read(1 << 16):
            size += len(piece)
            check_size(size, f"{file}: {printable(entry.filename)}")
    if size != entry.file_size:
        raise zipfile.BadZipFile(f"{printable(entry.filename)} has {size:,} bytes, not {entry.file_size:,}")


def _only_entry(entries: list[zipfile.ZipInfo], file: Path) -> zipfile.ZipInfo:
    if len(entries) != 1:
        # the scorer reads every member, and a later line for a text replaces an earlier one
        names = ", ".join(repr(entry.filename) for entry in entries[:4])
        received = f"{len(entries)}: {names}" if entries else "an empty one"
        raise InvalidSubmission(f"{file}: expected an archive of one file, received {received}")
    entry = entries[0]
    if entry.is_dir() or "/" in entry.filename:
        raise broken(str(file), "a file outside any folder", entry.filename)
    if entry.flag_bits & 1:
        raise InvalidSubmission(f"{file}: {entry.filename}: expected no password, received an encrypted file")
    return entry


def _check_triples(triples: list[Any], rows: set[tuple[str, str, str]], place: str) -> None:
    seen: set[Triple] = set()
    for number, triple in enumerate(triples, start=1):
        here = f"{place}: triple {number}"
        _check_triple(triple, rows, here)
        key = (normal_name(triple["subject"]), triple["predicate"], normal_name(triple["object"]))
        if key in seen:
            raise broken(here, "each triple once", " ".join(triple[part] for part in STRINGS))
        seen.add(key)


def _check_triple(triple: Any, rows: set[tuple[str, str, str]], here: str) -> None:
    """Its keys and strings, and a row of the schema; the types may be left out."""
    if not isinstance(triple, dict):
        raise broken(here, "an object", triple)
    for key in STRINGS:
        if key not in triple:
            raise broken(here, f"the key {key!r}", sorted(triple))
    for key in (*STRINGS, *(key for key in TYPES if key in triple)):
        if not isinstance(triple[key], str) or not normal_name(triple[key]).strip():
            raise broken(here, f"a string that is not empty for {key!r}", triple[key])
    fitting = [row for row in rows if row[1] == triple["predicate"]]
    if not fitting:
        raise broken(here, "a predicate of the schema", triple["predicate"])
    subject_type, object_type = (triple.get(key) for key in TYPES)
    if not any(subject_type in (None, row[0]) and object_type in (None, row[2]) for row in fitting):
        expected = f"types of a schema row of {triple['predicate']}"
        raise broken(here, expected, f"{subject_type}, {object_type}")
