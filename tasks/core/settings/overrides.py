"""`--set key=value`: parse it, and apply it to a tree of settings.

A value is read as TOML (number, true or false, quoted text, list, inline table);
anything else is plain text, so that `--set recipe.head.kind=glu` needs no quotes.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tasks.core.did_you_mean import nearest_key
from tasks.core.errors import InvalidSettings
from tasks.core.printable import printable
from tasks.core.settings.toml_files import Location, Unusable
from tasks.core.settings.toml_files import parse as parse_toml
from tasks.core.strict_json import unusable_character

SHOWN_CHARACTERS = 80
"""Of an override in a message."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d", re.ASCII)
"""How dates and times begin, which are plain text here."""
SHARED_RECIPE = "recipe"
"""`recipe.x=…` sets `recipes.<each>.x`."""


class Override(NamedTuple):
    """One `--set`: the text as typed, its key in parts, and the value."""

    text: str
    keys: tuple[str, ...]
    value: Any


def parse(text: str) -> Override:
    """Parse `key=value`; raises InvalidSettings for no key, or a value that only begins like valid TOML."""
    key, equals, value = text.partition("=")
    keys = tuple(part.strip() for part in key.split("."))
    if not equals or not all(keys):
        received = shown(repr(text))
        raise InvalidSettings(f"--set: expected key=value with a dotted key, received {received}")
    if found := unusable_character(text):
        raise InvalidSettings(f"--set {shown(text)}: expected characters of text, received {found}")
    return Override(text, keys, _value(text, value.strip()))


def applied(tree: dict[str, Any], override: Override) -> tuple[dict[str, Any], list[Location]]:
    """The tree with the override, and the locations that it set; raises InvalidSettings for unknown keys."""
    locations = list(_locations(tree, override))
    for location in locations:
        tree = _with(tree, location, override.value)
    return tree, locations


def dotted_keys(tree: Any, location: Sequence[str | int] = ()) -> Iterator[str]:
    """All dotted keys of the tree, a table's before those in it."""
    for key, value in _children(tree):
        yield dotted((*location, key))
        yield from dotted_keys(value, (*location, key))


def dotted(location: Sequence[str | int]) -> str:
    """`("recipes", 0, "name")` as `recipes.0.name`."""
    return ".".join(str(part) for part in location)


def unknown_key(key: str, tree: Any) -> str:
    """`<key>: unknown key`, with a known key that is similar, else with those of the same table."""
    if near := nearest_key(key, dotted_keys(tree)):
        return f"{shown(key)}: unknown key (did you mean {near}?)"
    for part in key.split(".")[:-1]:
        tree = dict(_children(tree)).get(int(part) if part.isdecimal() else part)
    known = ", ".join(str(name) for name, _ in _children(tree))
    return f"{shown(key)}: unknown key" + (f"; expected one of {known}" if known else "")


def _value(text: str, value: str) -> Any:
    if not value:
        return ""
    if _DATE.match(value):
        return value
    try:
        table = parse_toml(f"value = {value}")
    except tomllib.TOMLDecodeError:
        if value[0] in "[{\"'":
            received = shown(repr(value))
            raise InvalidSettings(
                f"--set {shown(text)}: expected a TOML value or a bare word, received {received}"
            ) from None
        return value
    except Unusable as error:
        raise InvalidSettings(f"--set {shown(text)}: {error}") from None
    return table["value"] if table.keys() == {"value"} else value


def _locations(tree: dict[str, Any], override: Override) -> Iterator[Location]:
    first, *rest = override.keys
    if first == SHARED_RECIPE and SHARED_RECIPE not in tree and isinstance(tree.get("recipes"), list):
        for index in range(len(tree["recipes"])):
            yield _location(tree, ("recipes", str(index), *rest), override)
    else:
        yield _location(tree, override.keys, override)


def _location(tree: Any, keys: Sequence[str], override: Override) -> Location:
    """The location of the keys, list positions as numbers; raises InvalidSettings if one does not exist."""
    location: Location = ()
    root = tree
    for key in keys:
        message = f"--set {shown(override.text)}: "
        if isinstance(tree, list):
            location = (*location, _index(key, tree, message + dotted(location)))
        elif not isinstance(tree, dict):
            raise InvalidSettings(f"{message}{dotted(location)} is a single value; {key!r} is not part of it")
        elif key in tree:
            location = (*location, key)
        else:
            raise InvalidSettings(message + unknown_key(dotted((*location, key)), root))
        tree = tree[location[-1]]
    return location


def _index(key: str, entries: Sequence[Any], message: str) -> int:
    if re.fullmatch("[0-9]{1,6}", key) and int(key) < len(entries):
        return int(key)
    expected = f"0 to {len(entries) - 1}" if len(entries) > 1 else "0" if entries else "none, for it is empty"
    raise InvalidSettings(
        f"{message}: expected the position of an entry ({expected}), received {shown(repr(key))}"
    )


def shown(text: str) -> str:
    """A text in a message: its beginning, if it is long, with characters that do not print escaped."""
    start = printable(text[:SHOWN_CHARACTERS])
    return f"{start}…" if len(text) > SHOWN_CHARACTERS else start


def _with(tree: Any, location: Sequence[str | int], value: Any) -> Any:
    """A copy with the value at the location; a table is merged into the one that was there."""
    if not location:
        if isinstance(tree, dict) and isinstance(value, dict):
            return merged(tree, value)
        return value
    part = location[0]
    copy = tree.copy()
    copy[part] = _with(tree[part], location[1:], value)
    return copy


def merged(tree: dict[str, Any], differences: dict[str, Any]) -> dict[str, Any]:
    """The tree with the differences: tables are merged; all other values, lists too, are replaced."""
    result = dict(tree)
    for key, value in differences.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            value = merged(below, value)
        result[key] = value
    return result


def _children(tree: Any) -> list[tuple[str | int, Any]]:
    if isinstance(tree, dict):
        return list(tree.items())
    return list(enumerate(tree)) if isinstance(tree, list) else []
