"""Read TOML as settings can hold it: numbers, texts, lists and tables, none of them without bounds."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from tasks.core.errors import InvalidSettings
from tasks.core.locations import display_path
from tasks.core.raw_paths import cannot_be_read, kind_of
from tasks.core.strict_json import unusable_character

Location = tuple[str | int, ...]
"""Path to a setting: keys and list indices."""

MOST_BYTES = 1_000_000
"""Of a file: a preset takes some thousand."""
MOST_DEPTH = 32
"""Lists and tables inside each other."""
MOST_DIGITS = 19
"""Of a whole number: 64 bits."""
_LONG_KEY = re.compile(rf"(?<![\w\"'.-])(?:[\w\"'-]++\s*+\.\s*+){{{MOST_DEPTH},}}")
"""A key of many parts, for which the parser takes time that grows with the square of their number."""


class Unusable(ValueError):
    """A value that no setting can have: its location, what was expected, and what was received."""

    def __init__(self, location: Location, expected: str, received: str) -> None:
        super().__init__(f"expected {expected}, received {received}")
        self.location = location


def read_text(path: Path) -> str:
    """The text of a file of settings.

    Raises:
        InvalidSettings: it is no file, too large, cannot be read, or is not in UTF-8.
    """
    place = display_path(path)
    if (kind := kind_of(path)) != "a file":
        raise InvalidSettings(f"{place}: expected a file, received {kind}")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidSettings(
            f"{place}: expected a readable file, received {cannot_be_read(error)}"
        ) from None
    if len(content) > MOST_BYTES:
        raise InvalidSettings(f"{place}: expected at most {MOST_BYTES:,} bytes, received more")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"expected UTF-8 text, received byte 0x{content[error.start]:02x}"
        raise InvalidSettings(f"{place}:{line}: {message}") from None


def parse(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        tomllib.TOMLDecodeError: it is not valid TOML.
        Unusable: a value is a date or a time, has too many digits, is nested too deeply, or contains
            characters that are no text.
    """
    if _LONG_KEY.search(text):
        raise Unusable((), f"keys of at most {MOST_DEPTH} parts", "a longer one")
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise Unusable((), *_too_deep()) from None
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise Unusable((), "whole numbers of at most 64 bits", "one of too many digits") from None
    for location, value in _values(tree):
        if found := _unusable(location, value):
            raise Unusable(location[:MOST_DEPTH], *found)
    return tree


def _values(tree: Any) -> Iterator[tuple[Location, Any]]:
    """All values with their locations, those inside lists and tables too, to a depth just over the limit."""
    waiting: list[tuple[Location, Any]] = [((), tree)]
    while waiting:
        location, value = waiting.pop()
        yield location, value
        if isinstance(value, dict | list) and len(location) <= MOST_DEPTH:
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*location, key), each) for key, each in inner][::-1]


def _unusable(location: Location, value: Any) -> tuple[str, str] | None:
    """What was expected of a value and what was received; None if a setting can have it."""
    if isinstance(value, dict | list):
        return _too_deep() if len(location) > MOST_DEPTH else _wrong_key(value)
    if isinstance(value, bool | float):
        return None
    if isinstance(value, str):
        found = unusable_character(value)
        return ("characters of text", found) if found else None
    if isinstance(value, int):
        return None if value.bit_length() < 64 else ("a whole number of at most 64 bits", "a larger one")
    kinds = {datetime: "a date with a time", date: "a date", time: "a time"}
    received = next((name for kind, name in kinds.items() if isinstance(value, kind)), type(value).__name__)
    return "a number, true, false, text, a list or a table", f"{received}, which is text only in quotes"


def _wrong_key(value: Any) -> tuple[str, str] | None:
    found = next(filter(None, map(unusable_character, value)), None) if isinstance(value, dict) else None
    return ("characters of text in a key", found) if found else None


def _too_deep() -> tuple[str, str]:
    return f"at most {MOST_DEPTH} lists and tables inside each other", "more"
