"""Pydantic's findings as sentences: the key, what was expected, what came."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.core.did_you_mean import suggestion
from tasks.core.settings.overrides import Location, dotted, unknown_key

Finding = Mapping[str, Any]
"""One entry of `pydantic.ValidationError.errors()`."""

EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text, in quotes if it looks like a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "literal_error": "one of {expected}",
    "enum": "one of {expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
}


_BLAMED = re.compile(r"([a-z_]+(?:\.[a-z0-9_]+)*): ")


def told(findings: Sequence[Finding]) -> list[Finding]:
    """Findings without those that follow: of wrong entries pydantic makes a list too short."""
    locations = [tuple(finding["loc"]) for finding in findings]
    return [finding for finding in findings if not _follows(finding, locations)]


def located(finding: Finding) -> Location:
    """Where the mistake is. A validator of several keys begins its message with the one to blame."""
    location: Location = tuple(finding["loc"])
    if finding["type"] == "value_error" and (blamed := _BLAMED.match(_reason(finding))):
        return (*location, *blamed[1].split("."))
    return location


def explained(finding: Finding, tree: Any) -> str:
    """One line about one finding; `tree` holds the known keys, for suggestions."""
    location = located(finding)
    kind, context, received = finding["type"], finding.get("ctx", {}), finding["input"]
    if kind == "extra_forbidden":
        return unknown_key(dotted(location), tree)
    if kind == "value_error":
        reason = _BLAMED.sub("", _reason(finding))
        return f"{dotted(location)}: {reason}" if location else reason
    if kind == "missing":
        return f"{dotted(location)}: expected a value, received nothing"
    expected = EXPECTED[kind].format_map(context) if kind in EXPECTED else finding["msg"]
    near = _near(kind, context, received)
    return f"{dotted(location)}: expected {expected}, received {_shown(received)}{near}"


def _reason(finding: Finding) -> str:
    return str(finding["ctx"]["error"])


def _follows(finding: Finding, locations: Sequence[Location]) -> bool:
    own = tuple(finding["loc"])
    below = any(len(other) > len(own) and other[: len(own)] == own for other in locations)
    return finding["type"] == "too_short" and below


def _near(kind: str, context: Mapping[str, Any], received: Any) -> str:
    if kind != "literal_error" or not isinstance(received, str):
        return ""
    return suggestion(received, re.findall("'([^']*)'", context["expected"]))


def _shown(value: Any, limit: int = 80) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
