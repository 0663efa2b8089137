"""Mentions: the spans of a sentence where the entities of its triples occur.

Labels name entities, but not their places. All strings are compared after `normalise`, and a span of the
normalised text is the same span of the original. The rules, in the order in which they are tried:

1. An entity occurs wherever the text contains it as written; outer white space never belongs to a mention.
2. If it does not occur, it is searched without its enclosing 《》, which the scorer ignores.
3. If it still does not occur, it is searched with all inner white space ignored on both sides.
4. An occurrence inside a longer mention of the same sentence (南京 in 南京大学) counts only if the entity has
   no other. Of those that count, a subject has one mention for all its triples: the first.
5. The mention of an object is the occurrence nearest to its subject, one that overlaps it only if there is no
   other.
6. A triple with an entity that does not occur gets no spans, but is reported as missing.

`surface` turns these spans back into every triple of the training sentences. So it does with plain first
occurrences; but if each start is paired with the nearest end, 0.51 % of those are lost and 0.36 % of these,
and these objects are 0.7 characters nearer to their subjects.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tasks.extraction.records import Triple
from tasks.text.normalisation import normalise

Span = tuple[int, int]
"""Half-open: start and end, in characters of the text."""
LabelledTriple = tuple[int, Span, Span]
"""Index of the predicate, span of the subject, span of the object."""


class LabelledTriples(NamedTuple):
    """The triples of a sentence with spans, and those without."""

    triples: tuple[LabelledTriple, ...]
    """In the order of the triples, without duplicates."""
    missing: tuple[Triple, ...]
    """Triples with an entity that does not occur in the text."""


def label(text: str, triples: Collection[Triple], predicates: Mapping[str, int]) -> LabelledTriples:
    """Spans for the triples of one sentence; raises `KeyError` for a predicate without an index."""
    labelled: dict[LabelledTriple, None] = {}
    missing = []
    for triple, place in zip(triples, places(text, triples), strict=True):
        if place is None:
            missing.append(triple)
        else:
            labelled[predicates[triple[1]], *place] = None
    return LabelledTriples(tuple(labelled), tuple(missing))


def places(text: str, triples: Collection[Triple]) -> list[tuple[Span, Span] | None]:
    """Spans of subject and object of each triple of one sentence; None if one of them does not occur."""
    entities = dict.fromkeys(entity for subject, _, object_ in triples for entity in (subject, object_))
    mentions = _outermost({entity: occurrences(text, entity) for entity in entities})
    return [
        (mentions[subject][0], _nearest(mentions[subject][0], mentions[object_]))
        if mentions[subject] and mentions[object_]
        else None
        for subject, _, object_ in triples
    ]


def locate(text: str, entity: str) -> Span | None:
    """The first occurrence of the entity in the text; None if it has none."""
    return next(iter(occurrences(text, entity)), None)


def occurrences(text: str, entity: str) -> list[Span]:
    """All occurrences of the entity in the text, from left to right; they may overlap."""
    text = normalise(text)
    for form in _forms(normalise(entity)):
        # a lookahead consumes nothing, so that 哈哈 is found twice in 哈哈哈
        spans = [match.span(1) for match in re.finditer(f"(?=({form}))", text)]
        if spans:
            return spans
    return []


def surface(text: str, span: Span) -> str:
    """The original characters of a span, without outer white space."""
    return text[slice(*span)].strip()


def without_brackets(entity: str) -> str:
    """The entity without one enclosing pair of 《》, if it has one."""
    return entity[1:-1] if len(entity) > 1 and entity[0] == "《" and entity[-1] == "》" else entity


def _forms(entity: str) -> Iterator[str]:
    """Patterns for the entity, the most literal first."""
    plain = [form for form in (entity.strip(), without_brackets(entity.strip()).strip()) if form]
    yield from map(re.escape, plain)
    for form in plain:
        yield r"\s*".join(re.escape(character) for character in form if not character.isspace())


def _outermost(occurring: Mapping[str, list[Span]]) -> dict[str, list[Span]]:
    """Occurrences of each entity outside all longer ones, or all of them if every one lies inside."""
    every = {span for spans in occurring.values() for span in spans}
    return {
        entity: [span for span in spans if not _inside(span, every)] or spans
        for entity, spans in occurring.items()
    }


def _inside(span: Span, others: Iterable[Span]) -> bool:
    return any(other != span and other[0] <= span[0] and span[1] <= other[1] for other in others)


def _nearest(subject: Span, objects: Sequence[Span]) -> Span:
    """The object nearest to the subject; of equal distances the first."""

    def distance(span: Span) -> tuple[bool, int]:
        gap = max(span[0] - subject[1], subject[0] - span[1])
        return gap < 0, gap

    return min(objects, key=distance)
