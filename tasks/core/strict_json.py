"""JSON as RFC 8259 means it, of files that people and other programs made: one reader for all of them.

Python's own reader keeps the last of doubled keys, reads 1e400 as infinity, and accepts NaN and halves of
surrogate pairs, none of which another reader need take alike. Here they are refused, with the reason.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

UTF8 = "text in UTF-8"
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""Text that may be read as characters that are no text; all others UTF-8 refuses."""
_NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


class Unreadable(ValueError):
    """What was expected of a text, and what was received."""

    def __init__(self, expected: str, received: str) -> None:
        super().__init__(f"expected {expected}, received {received}")
        self.expected, self.received = expected, received


def decoded(content: bytes) -> str:
    """The text of bytes in UTF-8.

    Raises:
        Unreadable: they are not, or contain a NUL.
    """
    if b"\0" in content:
        raise Unreadable(UTF8, "a NUL byte (of UTF-16, or of a file that was damaged)")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        line = content.count(b"\n", 0, start) + 1
        of = f"line {line:,}" if line > 1 else "the line"
        place = f"byte 0x{content[error.start]:02x} at byte {error.start - start + 1} of {of}"
        raise Unreadable(UTF8, place) from None


def parse(text: str, *, expected: str = "JSON") -> Any:
    """The value of a text.

    Args:
        expected: what the text should be, for messages.

    Raises:
        Unreadable: it is no JSON, or has doubled keys, numbers beyond those of floats, halves of surrogate
            pairs or NUL characters.
    """
    try:
        value = _decode(text)
    except Unreadable as error:
        raise Unreadable(expected, error.received) from None
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise Unreadable(expected, f"broken JSON at {line}column {error.colno} ({error.msg})") from None
    except RecursionError:
        raise Unreadable(expected, "objects or lists nested too deeply") from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise Unreadable(expected, "a number of too many digits") from None
    if _ESCAPED.search(text):
        for place, each in _texts(value):
            if received := unusable_character(each):
                raise Unreadable(f"characters of text{place and f' in {place}'}", received)
    return value


def unusable_character(text: str) -> str | None:
    """A description of the first character that cannot be used as text; None if there is none.

    >>> unusable_character("a\\0")
    'a NUL character as character 2'
    """
    if not (match := _NOT_TEXT.search(text)):
        return None
    character = "a NUL character" if match[0] == "\0" else f"half of a surrogate pair, {match[0]!a},"
    return f"{character} as character {match.start() + 1}"


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """All keys and texts of a value, however deep it is, with their places, such as `rows[0][1]`."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, str):
            yield place, each
        elif isinstance(each, list):
            waiting += [(f"{place}[{index}]", item) for index, item in enumerate(each)][::-1]
        elif isinstance(each, dict):
            for key in each:
                yield f"a key{place and f' of {place}'}", key
            waiting += [(f"{place}.{key}".lstrip("."), item) for key, item in each.items()][::-1]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable("", f"one with the key {json.dumps(twice[:40])} more than once")
    return value


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Unreadable("", f"{text:.40}, a number that is too large")
    return number


def _no_constant(name: str) -> Any:
    raise Unreadable("", f"{name}, which is no JSON")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant).decode
