"""Kinds of errors: of answers that match no label (invented), and of labels that match no answer (missed)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from tasks.extraction.analysis.evaluation import AnsweredPart, Same
from tasks.extraction.labelling.mentions import Span, occurrences
from tasks.extraction.records import Record, Triple, normal_form

Side = Literal["invented", "missed"]

INVENTED = {
    "exchanged": "subject and object exchanged",
    "predicate": "another predicate in place of the labelled one",
    "further": "a further predicate of a pair that has a right answer",
    "boundaries": "subject or object cut differently",
    "object": "subject and predicate labelled, with another object",
    "subject": "predicate and object labelled, with another subject",
    "new": "none of these: no similar label",
}
"""Kinds of invented triples, in the order in which they are tried."""
MISSED = {
    "exchanged": "answered with subject and object exchanged",
    "predicate": "answered with another predicate",
    "boundaries": "answered with subject or object cut differently",
    "under": "a candidate, but under the threshold",
    "repaired": "over the threshold, but a rule removed or changed it",
    "absent": "no candidate: subject or object does not occur in the text",
    "unconsidered": "no candidate",
}
"""Kinds of missed labels, in the order in which they are tried."""


class Mistake(NamedTuple):
    """An invented triple, or a missed label."""

    row: int
    """Index into the sentences of an `AnsweredPart`."""
    side: Side
    triple: Triple
    kind: str
    """A key of `INVENTED` or of `MISSED`."""
    other: Triple | None
    """The label nearest to an invented triple, or the answer in place of a missed label."""
    score: float | None
    """The blend's; None for a triple that is no candidate."""


def mistakes(evaluated: AnsweredPart, answers: Sequence[Sequence[Triple]]) -> list[Mistake]:
    """All invented and missed triples, sentence by sentence.

    With aliases one answer may match two labels, or two answers one: numbers then differ from the scorer's.
    """
    same = evaluated.same
    return [
        mistake
        for row, (record, found) in enumerate(zip(evaluated.records, answers, strict=True))
        for mistake in _of_sentence(evaluated, row, record, found, same)
    ]


def _of_sentence(
    evaluated: AnsweredPart, row: int, record: Record, answers: Sequence[Triple], same: Same
) -> Iterator[Mistake]:
    labels = list({normal_form(label): label for label in record.triples}.values())
    invented = [each for each in answers if not any(same(each, label) for label in labels)]
    missed = [label for label in labels if not any(same(each, label) for each in answers)]
    scored = evaluated.scored[row]
    for triple in invented:
        kind, other = invented_kind(record.text, triple, labels, missed)
        yield Mistake(row, "invented", triple, kind, other, scored.get(normal_form(triple)))
    for label in missed:
        score = scored.get(normal_form(label))
        kind, other = missed_kind(record.text, label, invented)
        if not other and score is not None:
            kind = "under" if score < evaluated.threshold(label[1]) else "repaired"
        yield Mistake(row, "missed", label, kind, other, score)


def invented_kind(
    text: str, triple: Triple, labels: Sequence[Triple], missed: Sequence[Triple]
) -> tuple[str, Triple | None]:
    """A key of `INVENTED` and the label nearest to the triple; missed labels are tried first."""
    ordered = [*missed, *(label for label in labels if label not in missed)]
    kind, label = _nearest(text, triple, ordered, tuple(RELATIONS))
    return ("further" if kind == "predicate" and label not in missed else kind or "new"), label


def missed_kind(text: str, label: Triple, invented: Sequence[Triple]) -> tuple[str, Triple | None]:
    """A key of `MISSED` and the answer in place of the label; None if no answer is near."""
    kind, triple = _nearest(text, label, invented, ("exchanged", "predicate", "boundaries"))
    return kind or (
        "unconsidered" if _occurs(text, label[0]) and _occurs(text, label[2]) else "absent"
    ), triple


def _nearest(
    text: str, triple: Triple, others: Sequence[Triple], kinds: Sequence[str]
) -> tuple[str | None, Triple | None]:
    """The first of these relations to any of the others, and that other triple."""
    for kind in kinds:
        for other in others:
            if RELATIONS[kind](text, triple, other):
                return kind, other
    return None, None


def _occurs(text: str, name: str) -> bool:
    return name in text or bool(occurrences(text, name))


def _exchanged(text: str, triple: Triple, other: Triple) -> bool:
    return normal_form(triple) == normal_form(other)[::-1]


def _same_pair(text: str, triple: Triple, other: Triple) -> bool:
    return normal_form(triple)[::2] == normal_form(other)[::2]


def _cut_differently(text: str, triple: Triple, other: Triple) -> bool:
    """Whether both names of two unlike triples share characters of the text."""
    return (
        triple[1] == other[1] and _overlap(text, triple[0], other[0]) and _overlap(text, triple[2], other[2])
    )


def _same_subject(text: str, triple: Triple, other: Triple) -> bool:
    return normal_form(triple)[:2] == normal_form(other)[:2]


def _same_object(text: str, triple: Triple, other: Triple) -> bool:
    return normal_form(triple)[1:] == normal_form(other)[1:]


def _overlap(text: str, one: str, other: str) -> bool:
    if one in other or other in one:
        return True
    return any(_meet(a, b) for a in occurrences(text, one) for b in occurrences(text, other))


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


RELATIONS: dict[str, Callable[[str, Triple, Triple], bool]] = {
    "exchanged": _exchanged,
    "predicate": _same_pair,
    "boundaries": _cut_differently,
    "object": _same_subject,
    "subject": _same_object,
}
"""(text, triple, other) → whether two different triples of a sentence are so related; the closest first."""
