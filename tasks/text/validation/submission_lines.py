"""Read the JSON lines of a submission, with messages that name the broken rule."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from tasks.core.errors import InvalidSubmission
from tasks.text.validation import json_lines

_NAMES: dict[type, str] = {str: "a string", list: "a list", int: "an integer", dict: "an object"}


def objects(
    stream: IO[bytes], place: str, *, keys: Mapping[str, type]
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Number, place and object of each line, which has these keys with values of these types.

    Lines are read as those of raw files (`json_lines`), but blank ones and byte order marks are refused.

    Raises:
        InvalidSubmission: a line is not such an object; names the place.
    """
    for line in json_lines.lines(stream):
        here = f"{place}:{line.number}" if line.number else place
        if line.wrong:
            raise InvalidSubmission(f"{here}: expected {line.wrong.expected}, received {line.wrong.received}")
        _check_keys(line.value, here, keys)
        yield line.number, here, line.value


def _check_keys(value: dict[str, Any], place: str, keys: Mapping[str, type]) -> None:
    for key, kind in keys.items():
        if key not in value:
            raise broken(place, f"the key {key!r}", sorted(value))
        if not isinstance(value[key], kind) or (kind is int and isinstance(value[key], bool)):
            raise broken(place, f"{_NAMES[kind]} for {key!r}", value[key])


def broken(place: str, expected: str, received: Any) -> InvalidSubmission:
    """The error of a broken rule, with the beginning of what was received."""
    return InvalidSubmission(f"{place}: expected {expected}, received {short(received)}")


def short(value: Any, *, characters: int = 60) -> str:
    """The first characters of a value's `repr`."""
    text = repr(value)
    return text if len(text) <= characters else f"{text[:characters]}…"
