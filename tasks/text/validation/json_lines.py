"""Files of one JSON object a line, read as a stream: each line's object, or what is wrong with it.

A UTF-8 byte order mark, Windows line ends and blank lines at the end are accepted.
"""

import codecs
import difflib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from tasks.core import limits, strict_json
from tasks.core.errors import Problem
from tasks.core.raw_paths import kind_of
from tasks.core.strict_json import Unreadable

LONGEST_LINE_BYTES = 1 << 20
"""Much longer than any sentence with its words; a file without line ends is not read into memory."""
MOST_PROBLEMS = 1000
"""Of one file; reading stops there."""
MOST_SKIPPED_BYTES = 1 << 28
"""Of a line that is too long; reading stops where it is still longer, as in a sparse file."""

_OBJECT = "one JSON object a line"
_SKIPPED_BYTES = 1 << 20
"""Read at one time of a line that is too long."""


class Mismatch(NamedTuple):
    """What was expected, and what was received."""

    expected: str
    received: str


_BLANK = Mismatch("content in each line", "a blank line")


class Line(NamedTuple):
    """One line's content, or what is wrong with it."""

    number: int
    value: Any = None
    wrong: Mismatch | None = None


def objects(
    file: Path,
    problems: list[Problem],
    *,
    on_line: Callable[[int], None] | None = None,
    longest: int = LONGEST_LINE_BYTES,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of each line that holds one; the others are added to the problems.

    `on_line` is called with the bytes of each line; lines of more than `longest` bytes are problems too
    (`PODIUM_MOST_LINE_BYTES` sets another limit).
    """
    return _contents(file, problems, _object, on_line=on_line, longest=longest)


def rows(file: Path, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """(line number, columns) of each line of a tab-separated file; wrong lines become problems."""
    return _contents(file, problems, lambda text: text.split("\t"))


def described(value: Any) -> str:
    """A JSON value in a message: its type, and the value itself where it is short.

    >>> described(["a", "b"]), described({"id": 1}), described(True)
    ('a list of 2', 'an object with "id"', 'true')
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value!r:.40}"
        case dict():
            return f"an object with {names(value)}"
        case list():
            return f"a list of {len(value):,}"
    return f'"{printable(value, longest=40)}"'


def printable(text: str, *, longest: int) -> str:
    """The first `longest` characters, those that do not print or that control a terminal escaped.

    >>> printable("a\\nb and more", longest=5)
    'a\\\\nb a…'
    """
    start = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:longest])
    return f"{start}…" if len(text) > longest else start


def names(value: Iterable[str]) -> str:
    """The keys of an object in a message, at most six of them."""
    keys = list(value)
    listed = ", ".join(map(described, keys[:6]))
    return f"{listed} …" if len(keys) > 6 else listed or "no keys"


def wrong_text(value: dict[str, Any], key: str, *, keys: Collection[str]) -> Iterator[Mismatch]:
    """Why this key's value cannot be used as text; nothing if it can. `keys` are all known keys."""
    if key not in value:
        yield missing(value, key, keys=keys)
    elif not isinstance(text := value[key], str):
        yield Mismatch(f'text as "{key}"', described(text))
    elif not text.strip():
        yield Mismatch(f'text as "{key}"', "white space only" if text else "an empty one")


def missing(value: dict[str, Any], key: str, *, keys: Collection[str]) -> Mismatch:
    """The message that a key is missing, with an unknown key that may be a misspelling of it."""
    unknown = [name for name in value if name not in keys]
    near = difflib.get_close_matches(key, unknown, n=1, cutoff=0.6)
    meant = f"; is {described(near[0])} meant?" if near else ""
    return Mismatch(f'the key "{key}"', f"an object with {names(value)}{meant}")


def lines(
    stream: IO[bytes], *, longest: int = LONGEST_LINE_BYTES, on_line: Callable[[int], None] | None = None
) -> Iterator[Line]:
    """Each line of a stream with its object or what is wrong with it, without any leniency: neither a byte
    order mark nor a blank line is accepted, and a stream without lines has none.
    """
    return _lines(stream, _object, on_line, longest, lenient=False)


def _contents(
    file: Path,
    problems: list[Problem],
    parse: Callable[[str], Any],
    *,
    on_line: Callable[[int], None] | None = None,
    longest: int = LONGEST_LINE_BYTES,
) -> Iterator[tuple[int, Any]]:
    before = len(problems)
    if (kind := kind_of(file)) != "a file":  # to open a pipe may take for ever
        problems.append(Problem(file, None, "a file", kind))
        return
    try:
        with file.open("rb") as stream:
            for line in _lines(stream, parse, on_line, longest, lenient=True):
                if line.wrong is None:
                    yield line.number, line.value
                else:
                    problems.append(Problem(file, line.number or None, *line.wrong))
                if len(problems) - before >= MOST_PROBLEMS:
                    return
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problems.append(Problem(file, None, "a readable file", f"one that cannot be read ({reason})"))


def _lines(
    stream: IO[bytes],
    parse: Callable[[str], Any],
    on_line: Callable[[int], None] | None,
    longest: int,
    *,
    lenient: bool,
) -> Iterator[Line]:
    number, blank, most = 0, 0, limits.LINE.value(longest)
    for number, raw in enumerate(iter(lambda: stream.readline(most + 1), b""), start=1):
        if on_line:
            on_line(len(raw))
        if number == 1 and (wrong := _refused_mark(raw, lenient=lenient)):
            yield Line(0, wrong=wrong)
            return
        content = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
        if lenient and not content.strip():
            blank = blank or number
            continue
        if blank:
            yield Line(blank, wrong=_BLANK)
            blank = 0
        if len(content) <= most:
            yield _line(content, number, parse)
            continue
        yield Line(number, wrong=_of_long_line(content, longest))
        if not content.endswith(b"\n") and not _skip_line(stream):
            return
    if lenient and (number == 0 or blank == 1):
        size = "0 bytes" if number == 0 else "blank lines only"
        yield Line(0, wrong=Mismatch("at least one line", f"an empty file ({size})"))


def _refused_mark(start: bytes, *, lenient: bool) -> Mismatch | None:
    """What is wrong with a byte order mark at the start of a file."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Mismatch(strict_json.UTF8, "UTF-16 (a byte order mark says so)")
    if not lenient and start.startswith(codecs.BOM_UTF8):
        return Mismatch(f"{strict_json.UTF8} without a byte order mark", "one")
    return None


def _line(raw: bytes, number: int, parse: Callable[[str], Any]) -> Line:
    if not raw.strip():
        return Line(number, wrong=_BLANK)
    try:
        return Line(number, parse(strict_json.decoded(raw).rstrip("\r\n")))
    except Unreadable as error:
        wrong = Mismatch(error.expected, error.received)
    if not raw.endswith(b"\n"):
        wrong = wrong._replace(received=f"{wrong.received}; the file ends within this line")
    return Line(number, wrong=wrong)


def _of_long_line(start: bytes, longest: int) -> Mismatch:
    """The reason for a long line, which may begin as damaged or sparse files do."""
    try:
        if b"\0" in start:
            strict_json.decoded(start)
    except Unreadable as error:
        return Mismatch(error.expected, error.received)
    return Mismatch(f"a line of {limits.LINE.at_most(longest)}", "a longer one")


def _skip_line(stream: IO[bytes]) -> bool:
    """Read to the end of a line, at most `MOST_SKIPPED_BYTES`; whether it was reached."""
    for _ in range(MOST_SKIPPED_BYTES // _SKIPPED_BYTES):
        more = stream.readline(_SKIPPED_BYTES)
        if not more or more.endswith(b"\n"):
            return True
    return False


def _object(text: str) -> dict[str, Any]:
    value = strict_json.parse(text, expected=_OBJECT)
    if not isinstance(value, dict):
        raise Unreadable(_OBJECT, described(value))
    return value
