"""Lines of a submission in JSON, and messages on what is wrong with them."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.core.errors import InvalidSubmission

_NAMES: dict[type, str] = {str: "a string", list: "a list", int: "an integer", dict: "an object"}


def parsed(line: bytes, place: str, *, keys: Mapping[str, type]) -> dict[str, Any]:
    """The object on a line, with these keys and kinds of values.

    Raises:
        InvalidSubmission: names the place.
    """
    try:
        given = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        byte = f"byte {line[error.start]:#x} at position {error.start}"
        raise InvalidSubmission(f"{place}: expected UTF-8, received {byte}") from None
    except (ValueError, RecursionError) as error:
        received = f"{line[:40]!r} ({error})" if line.strip() else "an empty line"
        raise InvalidSubmission(f"{place}: expected JSON, received {received}") from None
    if not isinstance(given, dict):
        raise broken(place, "an object", given)
    for key, kind in keys.items():
        if key not in given:
            raise broken(place, f"the key {key!r}", sorted(given))
        if not isinstance(given[key], kind) or (kind is int and isinstance(given[key], bool)):
            raise broken(place, f"{_NAMES[kind]} for {key!r}", given[key])
    return given


def broken(place: str, expected: str, received: Any) -> InvalidSubmission:
    """The mistake that a rule is broken, with what was received shown short."""
    return InvalidSubmission(f"{place}: expected {expected}, received {short(received)}")


def short(value: Any, *, characters: int = 60) -> str:
    """The beginning of a value as Python writes it."""
    shown = repr(value)
    return shown if len(shown) <= characters else f"{shown[:characters]}…"
