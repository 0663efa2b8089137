"""Pydantic's validation errors as messages: the key, what was expected, what was received."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from tasks.core.did_you_mean import suggestion
from tasks.core.errors import some
from tasks.core.settings.overrides import Location, dotted, unknown_key

ErrorDetails = Mapping[str, Any]
"""An entry of `pydantic.ValidationError.errors()`."""

EXPECTED = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    "finite_number": "a finite number",
    "string_type": "text, in quotes if it looks like a number",
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("tuple_type", "list_type"), "a list"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a table"),
    **dict.fromkeys(("literal_error", "enum"), "one of {expected}"),
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
}
_KEY_PREFIX = re.compile(r"([a-z_]+(?:\.[a-z0-9_]+)*): ")


def messages(failure: ValidationError, tree: Any, place: Callable[[Location], str]) -> list[str]:
    """A line for each error, without those that follow from others: wrong entries make a list `too_short`.
    Of many errors the first are listed.

    Args:
        tree: holds the known keys, for suggestions.
        place: gives the file and line, or the option, that set a location.
    """
    errors = failure.errors()
    locations = [tuple(error["loc"]) for error in errors]
    listed = [error for error in errors if not _is_consequence(error, locations)]
    return some(listed, lambda error: f"{place(location_of(error))}: {message_of(error, tree)}")


def location_of(error: ErrorDetails) -> Location:
    """The key with the error; a validator of several keys begins its message with the wrong one."""
    location: Location = tuple(error["loc"])
    if error["type"] == "value_error" and (named := _KEY_PREFIX.match(_reason(error))):
        return (*location, *named[1].split("."))
    return location


def message_of(error: ErrorDetails, tree: Any) -> str:
    """An error as one line; `tree` holds the known keys, for suggestions."""
    location = location_of(error)
    kind, context, received = error["type"], error.get("ctx", {}), error["input"]
    if kind == "extra_forbidden":
        return unknown_key(dotted(location), tree)
    if kind == "value_error":
        reason = _KEY_PREFIX.sub("", _reason(error))
        return f"{dotted(location)}: {reason}" if location else reason
    if kind == "missing":
        return f"{dotted(location)}: expected a value, received nothing"
    expected = EXPECTED[kind].format_map(context) if kind in EXPECTED else error["msg"]
    near = _near(kind, context, received)
    return f"{dotted(location)}: expected {expected}, received {_short(received)}{near}"


def _reason(error: ErrorDetails) -> str:
    return str(error["ctx"]["error"])


def _is_consequence(error: ErrorDetails, locations: Sequence[Location]) -> bool:
    if error["type"] != "too_short":
        return False
    location = tuple(error["loc"])
    return any(other != location and other[: len(location)] == location for other in locations)


def _near(kind: str, context: Mapping[str, Any], received: Any) -> str:
    if kind != "literal_error" or not isinstance(received, str):
        return ""
    return suggestion(received, re.findall("'([^']*)'", context["expected"]))


def _short(value: Any, limit: int = 80) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
