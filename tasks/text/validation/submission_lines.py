"""Parse the JSON lines of a submission, with messages that name the broken rule."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.core.errors import InvalidSubmission

_NAMES: dict[type, str] = {str: "a string", list: "a list", int: "an integer", dict: "an object"}


def parsed(line: bytes, place: str, *, keys: Mapping[str, type]) -> dict[str, Any]:
    """The object on a line, which has these keys with values of these types.

    Raises:
        InvalidSubmission: the line is not such an object; names the place.
    """
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        byte = f"byte {line[error.start]:#x} at position {error.start}"
        raise InvalidSubmission(f"{place}: expected UTF-8, received {byte}") from None
    except (ValueError, RecursionError) as error:
        received = f"{line[:40]!r} ({error})" if line.strip() else "an empty line"
        raise InvalidSubmission(f"{place}: expected JSON, received {received}") from None
    if not isinstance(value, dict):
        raise broken(place, "an object", value)
    for key, kind in keys.items():
        if key not in value:
            raise broken(place, f"the key {key!r}", sorted(value))
        if not isinstance(value[key], kind) or (kind is int and isinstance(value[key], bool)):
            raise broken(place, f"{_NAMES[kind]} for {key!r}", value[key])
    return value


def broken(place: str, expected: str, received: Any) -> InvalidSubmission:
    """The error of a broken rule, with the beginning of what was received."""
    return InvalidSubmission(f"{place}: expected {expected}, received {short(received)}")


def short(value: Any, *, characters: int = 60) -> str:
    """The first characters of a value's `repr`."""
    text = repr(value)
    return text if len(text) <= characters else f"{text[:characters]}…"
