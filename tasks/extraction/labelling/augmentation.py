"""Augmentation of labelled sentences: exchange of names, and cropping to some clauses.

Both are pure functions of their arguments and of the state of the generator. Neither returns a triple with a
name that its text does not contain: where that would happen, the sentence is returned unchanged. The stored
words of a sentence do not fit the augmented one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from tasks.extraction.labelling.mentions import locate, places
from tasks.extraction.records import Record, Triple
from tasks.text.normalisation import normalise

Role = Literal["both", "subject", "object"]
"""Which names of the chosen triple are exchanged."""

_Choice = TypeVar("_Choice")
_CLAUSE_END = re.compile("《[^《》]*》|([。；！？，])")


class NamePool(NamedTuple):
    """Triples whose names may enter other sentences, by predicate, in the order of the records.

    A triple counts as often as it is stated. A pool is built from the records of one fold, so that no name of
    a held-out sentence reaches a training.
    """

    triples: Mapping[str, Sequence[Triple]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> "NamePool":
        pool: dict[str, list[Triple]] = {}
        for record in records:
            for triple in record.triples:
                pool.setdefault(triple[1], []).append(triple)
        return cls(pool)


def swap(
    text: str,
    triples: Sequence[Triple],
    pool: NamePool,
    generator: np.random.Generator,
    *,
    role: Role = "both",
) -> tuple[str, list[Triple]]:
    """The sentence with the names of a random triple replaced by those of a triple with the same predicate.

    All occurrences are replaced, in the text and in every triple, but for those inside a longer name of the
    sentence: with 南京 replaced, 南京大学 stays. The sentence is returned unchanged if it already contains a
    new name, for then two things would have one name.
    """
    unchanged = text, list(triples)
    if not triples:
        return unchanged
    old = _choose(triples, generator)
    others = pool.triples.get(old[1])
    if not others:
        return unchanged
    names = _exchange(old, _choose(others, generator), role)
    if names is None or any(locate(text, name) for name in names.values()):
        return unchanged
    swapped = _replaced(text, names, triples)
    renamed = [_renamed(triple, names) for triple in triples]
    return (swapped, renamed) if all(_occurs(swapped, triple) for triple in renamed) else unchanged


def crop(text: str, triples: Sequence[Triple], generator: np.random.Generator) -> tuple[str, list[Triple]]:
    """The clauses from the first to the last mention of a random triple, with all triples that lie there.

    Clauses end at 。；！？ and ，, though not inside 《》.
    """
    placed = [
        (triple, min(place)[0], max(map(max, place)))
        for triple, place in zip(triples, places(text, triples), strict=True)
        if place
    ]
    if not placed:
        return text, list(triples)
    _, start, end = _choose(placed, generator)
    ends = [match.start() for match in _CLAUSE_END.finditer(text) if match[1]]
    left = max((position + 1 for position in ends if position < start), default=0)
    right = min((position for position in ends if position >= end), default=len(text))
    return text[left:right], [triple for triple, first, last in placed if left <= first and last <= right]


def _choose(choices: Sequence[_Choice], generator: np.random.Generator) -> _Choice:
    return choices[int(generator.integers(len(choices)))]


def _exchange(old: Triple, new: Triple, role: Role) -> dict[str, str] | None:
    """New names by normalised old ones; None if an old name is empty or would become two new ones."""
    pairs = [(normalise(old[0]), new[0]), (normalise(old[2]), new[2])]
    pairs = {"both": pairs, "subject": pairs[:1], "object": pairs[1:]}[role]
    names = dict(pairs)
    return names if all(names) and len(set(pairs)) == len(names) else None


def _replaced(text: str, names: Mapping[str, str], triples: Sequence[Triple]) -> str:
    """The text with new names; of names that start at one place the longest is matched, replaced or not."""
    known = {normalise(entity) for subject, _, object_ in triples for entity in (subject, object_)}
    longest_first = sorted((known | set(names)) - {""}, key=lambda name: (-len(name), name))
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    parts, end = [], 0
    for match in pattern.finditer(normalise(text)):
        parts += [text[end : match.start()], names.get(match[0], text[slice(*match.span())])]
        end = match.end()
    return "".join([*parts, text[end:]])


def _renamed(triple: Triple, names: Mapping[str, str]) -> Triple:
    subject, predicate, object_ = triple
    return names.get(normalise(subject), subject), predicate, names.get(normalise(object_), object_)


def _occurs(text: str, triple: Triple) -> bool:
    return locate(text, triple[0]) is not None and locate(text, triple[2]) is not None
