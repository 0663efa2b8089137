"""Files of one JSON object a line, read as a stream: each line's object, or what is wrong with it.

A UTF-8 byte order mark, Windows line ends and blank lines at the end are accepted.
"""

import codecs
import difflib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tasks.core.errors import Problem

LONGEST_LINE_BYTES = 1 << 20
"""Much longer than any sentence with its words; a file without line ends is not read into memory."""
MOST_PROBLEMS = 1000
"""Of one file; reading stops there."""

_OBJECT, _UTF8 = "one JSON object a line", "text in UTF-8"
_NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


class Mismatch(NamedTuple):
    """What was expected, and what was received."""

    expected: str
    received: str


class Line(NamedTuple):
    """One line's content, or what is wrong with it."""

    number: int
    value: Any = None
    wrong: Mismatch | None = None


class _Refused(Exception):
    """A line that is refused, whether or not Python could parse it; its arguments are those of `Mismatch`."""


def objects(
    file: Path,
    problems: list[Problem],
    *,
    on_line: Callable[[int], None] | None = None,
    longest: int = LONGEST_LINE_BYTES,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of each line that holds one; the others are added to the problems.

    `on_line` is called with the bytes of each line; lines of `longest` bytes or more are problems too.
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
    elif received := unusable_character(text):
        yield Mismatch(f'characters of text as "{key}"', received)


def unusable_character(text: str) -> str | None:
    """A description of the first character that cannot be used as text; None if there is none.

    >>> unusable_character("a\\0")
    'a NUL character as character 2'
    """
    if not (match := _NOT_TEXT.search(text)):
        return None
    character = "a NUL character" if match[0] == "\0" else f"half of a surrogate pair, {match[0]!a},"
    return f"{character} as character {match.start() + 1}"


def missing(value: dict[str, Any], key: str, *, keys: Collection[str]) -> Mismatch:
    """The message that a key is missing, with an unknown key that may be a misspelling of it."""
    unknown = [name for name in value if name not in keys]
    near = difflib.get_close_matches(key, unknown, n=1, cutoff=0.6)
    meant = f"; is {described(near[0])} meant?" if near else ""
    return Mismatch(f'the key "{key}"', f"an object with {names(value)}{meant}")


def _contents(
    file: Path,
    problems: list[Problem],
    parse: Callable[[str], Any],
    *,
    on_line: Callable[[int], None] | None = None,
    longest: int = LONGEST_LINE_BYTES,
) -> Iterator[tuple[int, Any]]:
    before = len(problems)
    try:
        with file.open("rb") as stream:
            for line in _lines(stream, parse, on_line or (lambda size: None), longest):
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
    stream: BinaryIO, parse: Callable[[str], Any], on_line: Callable[[int], None], longest: int
) -> Iterator[Line]:
    number, blank = 0, 0
    while raw := stream.readline(longest):
        number += 1
        if number == 1:
            if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                yield Line(0, wrong=Mismatch(_UTF8, "UTF-16 (a byte order mark says so)"))
                return
            raw = raw.removeprefix(codecs.BOM_UTF8)
        on_line(len(raw))
        if not raw.strip():
            blank = blank or number
            continue
        if blank:
            yield Line(blank, wrong=Mismatch("content in each line", "a blank line"))
            blank = 0
        if len(raw) >= longest and not raw.endswith(b"\n"):
            _skip_line(stream)
            yield Line(number, wrong=Mismatch(f"a line of fewer than {longest:,} bytes", "a longer one"))
        else:
            yield _line(raw, number, parse)
    if number == 0 or blank == 1:
        size = "0 bytes" if number == 0 else "blank lines only"
        yield Line(0, wrong=Mismatch("at least one line", f"an empty file ({size})"))


def _line(raw: bytes, number: int, parse: Callable[[str], Any]) -> Line:
    try:
        return Line(number, parse(_decoded(raw)))
    except _Refused as error:
        wrong = Mismatch(*error.args)
    except json.JSONDecodeError as error:
        wrong = Mismatch(_OBJECT, f"broken JSON at column {error.colno} ({error.msg})")
    except RecursionError:
        wrong = Mismatch(_OBJECT, "objects or lists nested too deeply")
    except ValueError:  # Python refuses to read integers of thousands of digits
        wrong = Mismatch(_OBJECT, "a number of too many digits")
    if not raw.endswith(b"\n"):
        wrong = wrong._replace(received=f"{wrong.received}; the file ends within this line")
    return Line(number, wrong=wrong)


def _decoded(raw: bytes) -> str:
    if b"\0" in raw:
        raise _Refused(_UTF8, "a NUL byte (of UTF-16, or of a file that was damaged)")
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        place = f"byte 0x{raw[error.start]:02x} at byte {error.start + 1} of the line"
        raise _Refused(_UTF8, place) from error


def _skip_line(stream: BinaryIO) -> None:
    while (more := stream.readline(LONGEST_LINE_BYTES)) and not more.endswith(b"\n"):
        pass


def _object(text: str) -> dict[str, Any]:
    value = _decode(text)
    if not isinstance(value, dict):
        raise _Refused(_OBJECT, described(value))
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(_OBJECT, f"one with the key {described(twice)} more than once")
    return value


def _no_constant(name: str) -> Any:
    raise _Refused(_OBJECT, f"{name}, which is no JSON")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).decode
