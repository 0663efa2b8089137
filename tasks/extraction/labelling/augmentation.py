"""Further training sentences made from labelled ones: names exchanged, clauses left out.

Both are pure functions of their arguments and of the state of the generator. Neither ever returns a triple
with a name that its text does not hold: where that would happen, the sentence comes back as it was.
Words given with a sentence no longer fit what comes back.
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


class Pool(NamedTuple):
    """Triples whose names may be put into other sentences, by predicate, in the order of the records.

    Frequent names come as often as they are stated. Built from the records of one training part, so that no
    name of a held-out sentence reaches a training.
    """

    triples: Mapping[str, Sequence[Triple]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> "Pool":
        pool: dict[str, list[Triple]] = {}
        for record in records:
            for triple in record.triples:
                pool.setdefault(triple[1], []).append(triple)
        return cls(pool)


def swap(
    text: str,
    triples: Sequence[Triple],
    pool: Pool,
    generator: np.random.Generator,
    *,
    role: Role = "both",
) -> tuple[str, list[Triple]]:
    """The sentence with the names of one of its triples exchanged for those of another of the same predicate.

    All occurrences are exchanged, in the text and in every triple, but for those inside a longer name of the
    sentence: with 南京 exchanged, 南京大学 stays. The sentence comes back unchanged if a new name stands in
    it already, for then two things would bear one name.
    """
    unchanged = text, list(triples)
    if not triples:
        return unchanged
    old = _drawn(triples, generator)
    others = pool.triples.get(old[1])
    if not others:
        return unchanged
    names = _exchange(old, _drawn(others, generator), role)
    if names is None or any(locate(text, name) for name in names.values()):
        return unchanged
    swapped = _replaced(text, names, triples)
    renamed = [_renamed(triple, names) for triple in triples]
    return (swapped, renamed) if all(_stands(swapped, triple) for triple in renamed) else unchanged


def crop(text: str, triples: Sequence[Triple], generator: np.random.Generator) -> tuple[str, list[Triple]]:
    """The clauses from one end of a random triple to the other, with all triples whose mentions lie there.

    Clauses end at 。；！？ and ，, though not inside 《》.
    """
    placed = [
        (triple, min(place)[0], max(map(max, place)))
        for triple, place in zip(triples, places(text, triples), strict=True)
        if place
    ]
    if not placed:
        return text, list(triples)
    _, start, end = _drawn(placed, generator)
    ends = [match.start() for match in _CLAUSE_END.finditer(text) if match[1]]
    left = max((position + 1 for position in ends if position < start), default=0)
    right = min((position for position in ends if position >= end), default=len(text))
    return text[left:right], [triple for triple, first, last in placed if left <= first and last <= right]


def _drawn(choices: Sequence[_Choice], generator: np.random.Generator) -> _Choice:
    return choices[int(generator.integers(len(choices)))]


def _exchange(old: Triple, new: Triple, role: Role) -> dict[str, str] | None:
    """New names by normalised old ones; None if one old name would have to become two, or is empty."""
    pairs = [(normalise(old[0]), new[0]), (normalise(old[2]), new[2])]
    pairs = {"both": pairs, "subject": pairs[:1], "object": pairs[1:]}[role]
    names = dict(pairs)
    return names if all(names) and len(set(pairs)) == len(names) else None


def _replaced(text: str, names: Mapping[str, str], triples: Sequence[Triple]) -> str:
    """The text with new names; of names that begin at one place the longest is taken, exchanged or not."""
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


def _stands(text: str, triple: Triple) -> bool:
    return locate(text, triple[0]) is not None and locate(text, triple[2]) is not None
