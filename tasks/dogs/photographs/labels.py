"""The label list: one line `<image id> <label> <url>` for each training photograph."""

import codecs
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tasks.core.errors import Problem
from tasks.dogs.notes import note_of

COLUMNS = "`<image id> <label> <url>` by single spaces"


class ListEntry(NamedTuple):
    """One line of the list."""

    id: str
    label: int
    line: int


def parse(file: Path) -> tuple[list[ListEntry], list[Problem]]:
    """The entries of all valid lines, and a problem for each of the others.

    A byte order mark, Windows line ends and blank lines at the end are accepted.
    """
    try:
        contents = file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return [], [Problem(file, None, "a readable file", f"one that cannot be read ({reason})")]
    if contents.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return [], [Problem(file, None, "text in UTF-8", "UTF-16 (a byte order mark says so)")]
    lines = contents.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n ").split(b"\n")
    if lines == [b""]:
        received = f"an empty file ({len(contents):,} bytes)"
        return [], [Problem(file, None, f"lines {COLUMNS}", received)]
    parsed = [_entry(line.removesuffix(b"\r"), number) for number, line in enumerate(lines, 1)]
    entries = [entry for entry in parsed if isinstance(entry, ListEntry)]
    wrong = [(number, entry) for number, entry in enumerate(parsed, 1) if not isinstance(entry, ListEntry)]
    return entries, [Problem(file, number, *mismatch) for number, mismatch in wrong]


def _entry(line: bytes, number: int) -> ListEntry | tuple[str, str]:
    """The line's entry, or what was expected and what was received."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start]
        return "text in UTF-8", f"byte 0x{byte:02x} in column {error.start + 1}"
    columns = text.split(" ")
    if len(columns) < 2:
        return COLUMNS, f"{text!r}" if text else "an empty line"
    name, label = columns[:2]
    if not re.fullmatch(r"[0-9]{1,9}", label):
        header = ", a header line" if number == 1 and label.isalpha() else ""
        return "a whole number from 0 as label", f"{label!r}{header}"
    if unsafe := unsafe_id(name):
        return "an image id that can name a file", f"{name!r} ({unsafe})"
    return ListEntry(name, int(label), number)


def unsafe_id(name: str) -> str | None:
    """Why the name cannot name a file or stand in a submission's line; None if it can.

    >>> unsafe_id("12,34"), unsafe_id("a/b")
    (None, 'a path separator')
    """
    if not name:
        return "empty"
    if not name.isprintable():
        return "unprintable characters"
    if "/" in name or "\\" in name:
        return "a path separator"
    return "two dots" if ".." in name else None


def resolve(entries: Iterable[ListEntry]) -> tuple[list[ListEntry], list[dict[str, Any]]]:
    """Each id once, sorted, without ids that have several labels; and notes on both."""
    lines: dict[str, list[ListEntry]] = defaultdict(list)
    for entry in entries:
        lines[entry.id].append(entry)
    conflicts = {name: same for name, same in lines.items() if len({e.label for e in same}) > 1}
    kept = [lines[name][0] for name in sorted(lines) if name not in conflicts]
    repeated = [_lines(lines[entry.id]) for entry in kept if len(lines[entry.id]) > 1]
    dropped = [_lines(conflicts[name]) for name in sorted(conflicts)]
    return kept, [
        *note_of("repeated", "ids listed again with the same label, kept once", repeated),
        *note_of("conflict", "ids listed with different labels, dropped", dropped),
    ]


def _lines(same: list[ListEntry]) -> str:
    places = ", ".join(f"label {entry.label} in line {entry.line}" for entry in same[:3])
    return f"{same[0].id}: {places}{' …' if len(same) > 3 else ''}"


def too_few(file: Path, entries: list[ListEntry], kept: list[ListEntry]) -> list[Problem]:
    """Problems of fewer than two labels, and of labels with fewer than two photographs to keep.

    One photograph of each label is needed in training and one held out.
    """
    remaining = Counter(entry.label for entry in kept)
    first = {entry.label: entry.line for entry in reversed(entries)}
    if len(first) < 2:
        only = f"1 (label {entries[0].label} only)"
        return [Problem(file, None, "at least 2 different labels", only)]
    dropped = len({entry.id for entry in entries}) > len(kept)
    where = ", those in conflict left out" if dropped else ""
    return [
        Problem(file, first[label], f"at least 2 photographs of label {label}", f"{remaining[label]}{where}")
        for label in sorted(first)
        if remaining[label] < 2
    ]
