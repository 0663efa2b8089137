"""The name a person probably meant."""

import difflib
import re
from collections.abc import Iterable, Sequence

_INDEX = re.compile(r"\.\d+(?=\.|$)")


def suggestion(name: str, known: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing when no known name is near."""
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {nearest[0]}?)" if nearest else ""


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """The known dotted key most like an unknown one.

    A misspelling of a key of the same table comes first, then the same last part elsewhere
    (`recipes.0.epochs` meant `recipes.0.training.stages.0.epochs`), then the most similar of all.
    """
    keys = list(known)
    found = _nearest_key(_INDEX.sub(".0", key), keys)
    return found and _with_indices(found, key)


def _nearest_key(key: str, keys: Sequence[str]) -> str | None:
    table, _, last = key.rpartition(".")
    beside = {word: f"{table}.{word}" if table else word for word in _children(table, keys)}
    if near := difflib.get_close_matches(last, list(beside), n=1, cutoff=0.6):
        return beside[near[0]]
    elsewhere = [candidate for candidate in keys if candidate.rpartition(".")[2] == last]
    if elsewhere:
        return max(elsewhere, key=lambda word: difflib.SequenceMatcher(None, key, word).ratio())
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
    return near[0] if near else None


def _children(table: str, keys: Iterable[str]) -> list[str]:
    return [last for parent, _, last in (key.rpartition(".") for key in keys) if parent == table]


def _with_indices(found: str, key: str) -> str:
    """Positions in lists as in the key asked for: defaults have one entry where it has more."""
    asked = key.split(".")
    parts = found.split(".")
    for place in range(min(len(asked), len(parts))):
        if parts[place].isdecimal() and asked[place].isdecimal():
            parts[place] = asked[place]
    return ".".join(parts)
