"""Fields of a line's object: whether they are there, and whether they are text."""

import difflib
import re
from collections.abc import Collection, Iterator
from typing import Any

from tasks.text import lines
from tasks.text.lines import Wrong

_NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def wrong_text(value: dict[str, Any], key: str, *, keys: Collection[str]) -> Iterator[Wrong]:
    """Why this key's value cannot be used as text; nothing if it can. `keys` are all that have a meaning."""
    if key not in value:
        yield missing(value, key, keys=keys)
    elif not isinstance(found := value[key], str):
        yield Wrong(f'text as "{key}"', lines.shown(found))
    elif not found.strip():
        yield Wrong(f'text as "{key}"', "white space only" if found else "an empty one")
    elif received := unfit(found):
        yield Wrong(f'characters of text as "{key}"', received)


def unfit(text: str) -> str | None:
    """The first character that cannot be used as text, in words; None if there is none."""
    if not (found := _NOT_TEXT.search(text)):
        return None
    what = "a NUL character" if found[0] == "\0" else f"half of a surrogate pair, {found[0]!a},"
    return f"{what} as character {found.start() + 1}"


def missing(value: dict[str, Any], key: str, *, keys: Collection[str]) -> Wrong:
    """That a key is not there, and which one without a meaning may be meant."""
    others = [name for name in value if name not in keys]
    near = difflib.get_close_matches(key, others, n=1, cutoff=0.6)
    meant = f"; is {lines.shown(near[0])} meant?" if near else ""
    return Wrong(f'the key "{key}"', f"an object with {lines.names(value)}{meant}")
