"""Sentences with the triples they state, and the forms in which the official scorer compares triples."""

import json
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
    """The words of its postag, which join to the text but for spaces; None without a postag."""
    triples: tuple[Triple, ...]
    """The labels; empty for test sentences."""


def file_of(id: str) -> str:
    """The stem of the file that a sentence is from.

    >>> file_of("train_data:12")
    'train_data'
    """
    return id.rpartition(":")[0]


def normal_name(entity: str) -> str:
    """The form by which the official scorer compares names: lower case, without one enclosing pair of 《》.

    >>> normal_name("《Hamlet》"), normal_name("《甲》和《乙")
    ('hamlet', '《甲》和《乙')
    """
    lower = entity.lower()
    return lower[1:-1] if lower[:1] == "《" and lower[-1:] == "》" else lower


def normal_form(triple: Triple) -> Triple:
    """The form by which the official scorer compares triples."""
    return normal_name(triple[0]), triple[1], normal_name(triple[2])


def triple_of(candidate: str) -> Triple:
    """The triple of a candidate's key (`tasks.learning.ensemble.candidates.key`)."""
    subject, predicate, object_ = json.loads(candidate)
    return subject, predicate, object_
