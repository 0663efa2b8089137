"""What a sentence is, with the triples it states."""

from typing import NamedTuple

Triple = tuple[str, str, str]
"""Subject, predicate, object, as strings."""


class Record(NamedTuple):
    """One sentence of the competition."""

    id: str
    """`<file stem>:<line number>`."""
    text: str
    """As in the raw file."""
    words: tuple[str, ...] | None
    """The words of its postag, which join to the text but for spaces; None where none is given."""
    triples: tuple[Triple, ...]
    """What is labelled; empty for test sentences."""
