"""Notes on photographs."""

from collections.abc import Iterable
from typing import Any

from tasks.core.dataset import note

EXAMPLES = 5


def note_of(kind: str, text: str, examples: Iterable[str]) -> list[dict[str, Any]]:
    """A note with the number of examples and the first of them; no note without examples.

    >>> note_of("grey", "greyscale photographs", ["train/a.jpg"])[0]["message"]
    'greyscale photographs: 1'
    >>> note_of("grey", "greyscale photographs", [])
    []
    """
    names = list(examples)
    return [note(kind, text, len(names), names[:EXAMPLES])] if names else []
