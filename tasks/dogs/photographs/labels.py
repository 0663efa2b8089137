"""The label list: one line `<image id> <label> <url>` for each training photograph."""

import codecs
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tasks.core import limits
from tasks.core.errors import Problem
from tasks.core.raw_paths import cannot_be_read, kind_of
from tasks.core.strict_json import UTF8, Unreadable, decoded
from tasks.dogs.notes import note_of

COLUMNS = "`<image id> <label> <url>` by single spaces"
MOST_PROBLEMS = 1000
"""Of a list; reading stops there."""
SHOWN_CHARACTERS = 80
"""Of a line in a message."""


class ListEntry(NamedTuple):
    """One line of the list."""

    id: str
    label: int
    line: int


def parse(file: Path) -> tuple[list[ListEntry], list[Problem]]:
    """The entries of all valid lines, and a problem for each of the others.

    A byte order mark, Windows line ends and blank lines at the end are accepted. The list is read line by
    line, to the first line that is too long, and to the first `MOST_PROBLEMS` problems.
    """
    entries, problems = list[ListEntry](), list[Problem]()
    if (kind := kind_of(file)) != "a file":  # to open a pipe may take for ever
        return [], [Problem(file, None, "a file", kind)]
    try:
        with file.open("rb") as stream:
            for number, entry in _parsed(stream):
                if isinstance(entry, ListEntry):
                    entries.append(entry)
                else:
                    problems.append(Problem(file, number, *entry))
                if len(problems) >= MOST_PROBLEMS:
                    break
    except OSError as error:
        return [], [Problem(file, None, "a readable file", cannot_be_read(error))]
    return entries, problems


def _parsed(stream: BinaryIO) -> Iterator[tuple[int | None, ListEntry | tuple[str, str]]]:
    """Each line's number with its entry, or with what was expected and what was received."""
    most, number, blank = limits.LINE.value(), 0, list[int]()
    for number, raw in enumerate(iter(lambda: stream.readline(most + 1), b""), start=1):
        if number == 1 and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            yield None, (UTF8, "UTF-16 (a byte order mark says so)")
            return
        content = (raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw).rstrip(b"\r\n")
        if not content.strip(b" "):
            blank.append(number)
            continue
        yield from ((each, (COLUMNS, "an empty line")) for each in blank)
        blank.clear()
        yield number, _entry(content, number)
        if len(raw) > most:
            yield number, (f"a line of {limits.LINE.at_most()}", "a longer one")
            return
    if len(blank) == number:
        yield None, (f"lines {COLUMNS}", f"an empty file ({'blank lines only' if number else '0 bytes'})")


def _entry(line: bytes, number: int) -> ListEntry | tuple[str, str]:
    """The line's entry, or what was expected and what was received."""
    try:
        text = decoded(line)
    except Unreadable as error:
        return error.expected, error.received
    columns = text.split(" ")
    if len(columns) < 2:
        return COLUMNS, _shown(text)
    name, label = columns[:2]
    if not re.fullmatch(r"[0-9]{1,9}", label):
        header = ", a header line" if number == 1 and label.isalpha() else ""
        return "a whole number from 0 as label", f"{_shown(label)}{header}"
    if unsafe := unsafe_id(name):
        return "an image id that can name a file", f"{_shown(name)} ({unsafe})"
    return ListEntry(name, int(label), number)


def _shown(text: str) -> str:
    return repr(text) if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]!r}…"


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
