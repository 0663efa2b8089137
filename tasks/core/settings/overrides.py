"""`--set key=value`: what it says, and what it changes in a tree of settings.

A value is read as TOML (number, true or false, quoted text, list, inline table);
anything else is text as it stands, so that `--set recipe.head.kind=glu` needs no quotes.
"""

import tomllib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tasks.core.did_you_mean import nearest_key
from tasks.core.errors import InvalidSettings

Location = tuple[str | int, ...]
"""Way to a setting: keys and list indices."""

EVERY = "recipe"
"""`recipe.x=…` stands for `recipes.<each>.x=…`."""


class Override(NamedTuple):
    """One `--set`: the text as typed, its key in parts, and the value."""

    text: str
    keys: tuple[str, ...]
    value: Any


def parse(text: str) -> Override:
    """Read one `key=value`.

    Raises:
        InvalidSettings: there is no key, or the value begins like TOML and is not.
    """
    key, equals, value = text.partition("=")
    keys = tuple(part.strip() for part in key.split("."))
    if not equals or not all(keys):
        raise InvalidSettings(f"--set: expected key=value with a dotted key, received {text!r}")
    return Override(text, keys, _value(text, value.strip()))


def applied(tree: dict[str, Any], override: Override) -> tuple[dict[str, Any], list[Location]]:
    """A tree with the override in it, and the locations it set.

    Raises:
        InvalidSettings: the key does not exist.
    """
    locations = list(_locations(tree, override))
    for location in locations:
        tree = _with(tree, location, override.value)
    return tree, locations


def dotted_keys(tree: Any, location: Sequence[str | int] = ()) -> Iterator[str]:
    """Every key of the tree, tables before what is in them."""
    for key, value in _children(tree):
        yield dotted((*location, key))
        yield from dotted_keys(value, (*location, key))


def dotted(location: Sequence[str | int]) -> str:
    """`("recipes", 0, "name")` as `recipes.0.name`."""
    return ".".join(str(part) for part in location)


def unknown_key(key: str, tree: Any) -> str:
    """The rest of a message about a key that does not exist."""
    near = nearest_key(key, dotted_keys(tree))
    return f"{key}: unknown key" + (f" (did you mean {near}?)" if near else "")


def _value(text: str, value: str) -> Any:
    if not value:
        return ""
    try:
        table = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        if value[0] in "[{\"'":
            raise InvalidSettings(
                f"--set {text}: expected a TOML value or a bare word, received {value!r}"
            ) from None
        return value
    plain = table.keys() == {"value"} and isinstance(table["value"], str | int | float | list | dict)
    return table["value"] if plain else value


def _locations(tree: dict[str, Any], override: Override) -> Iterator[Location]:
    first, *rest = override.keys
    if first == EVERY and EVERY not in tree and isinstance(tree.get("recipes"), list):
        for index in range(len(tree["recipes"])):
            yield _location(tree, ("recipes", str(index), *rest), override)
    else:
        yield _location(tree, override.keys, override)


def _location(tree: Any, keys: Sequence[str], override: Override) -> Location:
    """The keys with list positions as numbers, each known to exist."""
    location: Location = ()
    for key in keys:
        message = f"--set {override.text}: "
        if isinstance(tree, list):
            location = (*location, _index(key, tree, message + dotted(location)))
        elif not isinstance(tree, dict):
            raise InvalidSettings(f"{message}{dotted(location)} is a single value; {key!r} is not part of it")
        elif key in tree:
            location = (*location, key)
        else:
            raise InvalidSettings(message + unknown_key(dotted((*location, key)), _rooted(tree, location)))
        tree = tree[location[-1]]
    return location


def _index(key: str, entries: Sequence[Any], message: str) -> int:
    if key.isdecimal() and int(key) < len(entries):
        return int(key)
    expected = f"0 to {len(entries) - 1}" if len(entries) > 1 else "0" if entries else "none, for it is empty"
    raise InvalidSettings(f"{message}: expected the position of an entry ({expected}), received {key!r}")


def _rooted(tree: Any, location: Location) -> Any:
    """The subtree put back where it lies, so that suggestions carry the whole key."""
    for part in reversed(location):
        tree = {part: tree}
    return tree


def _with(tree: Any, location: Sequence[str | int], value: Any) -> Any:
    """A copy with the value put at the location; a table is laid over the table that was there."""
    if not location:
        if isinstance(tree, dict) and isinstance(value, dict):
            return laid_over(tree, value)
        return value
    part = location[0]
    copy = tree.copy()
    copy[part] = _with(tree[part], location[1:], value)
    return copy


def laid_over(tree: dict[str, Any], differences: dict[str, Any]) -> dict[str, Any]:
    """The tree with differences; tables merge, everything else, lists too, is replaced."""
    merged = dict(tree)
    for key, value in differences.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            value = laid_over(below, value)
        merged[key] = value
    return merged


def _children(tree: Any) -> list[tuple[str | int, Any]]:
    if isinstance(tree, dict):
        return list(tree.items())
    return list(enumerate(tree)) if isinstance(tree, list) else []
