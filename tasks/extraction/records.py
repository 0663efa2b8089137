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


# FOLDED from tasks/extraction/entities.py
# When two names of an entity are one, by the official scorer's rule.
def norm(entity: str) -> str:
    """Lower case, without one 《 at the start and 》 at the end if both are there; the official rule."""
    lower = entity.lower()
    return lower[1:-1] if lower[:1] == "《" and lower[-1:] == "》" else lower
