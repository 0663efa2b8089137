"""Suggestions for misspelled names."""

import difflib
import re
from collections.abc import Iterable, Sequence

from tasks.core.printable import printable

LONGEST = 200
"""Characters of a name for which others are compared: the time grows with the square of its length."""
_INDEX = re.compile(r"\.\d+(?=\.|$)")


def suggestion(name: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` with the most similar known name; empty if none is similar.

    >>> suggestion("dosg", ["dogs", "nl2sql"])
    ' (did you mean dogs?)'
    """
    if len(name) > LONGEST:
        return ""
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {printable(nearest[0])}?)" if nearest else ""


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """The known dotted key that is most similar to an unknown one; None if none is.

    A misspelling of a key of the same table comes first, then the same last part elsewhere
    (`recipes.0.epochs` meant `recipes.0.training.stages.0.epochs`), then one that is like it (`lr`, `epoch`),
    and for a key of no table the most similar of all.
    """
    if len(key) > LONGEST:
        return None
    keys = list(dict.fromkeys(_INDEX.sub(".0", each) for each in known))
    found = _nearest_key(_INDEX.sub(".0", key), keys)
    return found and _with_indices(found, key)


def _nearest_key(key: str, keys: Sequence[str]) -> str | None:
    table, _, last = key.rpartition(".")
    siblings = {word: f"{table}.{word}" if table else word for word in _children(table, keys)}
    if near := difflib.get_close_matches(last, list(siblings), n=1, cutoff=0.6):
        return siblings[near[0]]
    lasts = {each: word for each in keys if not (word := each.rpartition(".")[2]).isdecimal()}
    elsewhere = [candidate for candidate, word in lasts.items() if word == last] or [
        candidate for candidate, word in lasts.items() if _is_alike(last, word)
    ]
    if elsewhere:
        return max(elsewhere, key=lambda word: difflib.SequenceMatcher(None, key, word).ratio())
    near = [] if table else difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
    return near[0] if near else None


def _is_alike(name: str, known: str) -> bool:
    """Whether a name is nearly the known one, one of its words, or the initials of these.

    >>> [_is_alike(name, "learning_rate") for name in ("lr", "rate", "learningrate", "decay")]
    [True, True, True, False]
    """
    words = known.split("_")
    initials = "".join(word[:1] for word in words)
    similar = difflib.SequenceMatcher(None, name, known).ratio() >= 0.8
    return similar or name in words or (len(words) > 1 and name == initials)


def _children(table: str, keys: Iterable[str]) -> list[str]:
    return [last for parent, _, last in (key.rpartition(".") for key in keys) if parent == table]


def _with_indices(found: str, key: str) -> str:
    """The found key with the list positions of the unknown one: defaults may have fewer entries."""
    parts = found.split(".")
    for place, (part, unknown) in enumerate(zip(parts, key.split("."), strict=False)):
        if part.isdecimal() and unknown.isdecimal():
            parts[place] = unknown
    return ".".join(parts)
