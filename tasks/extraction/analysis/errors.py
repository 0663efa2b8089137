"""What is the matter with each triple that the labels do not have, and with each label that was not found."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from tasks.extraction.analysis.evaluation import Outcome, Same
from tasks.extraction.labelling.mentions import Span, occurrences
from tasks.extraction.records import Record, Triple, normal_form

Side = Literal["invented", "missed"]

INVENTED = {
    "exchanged": "subject and object exchanged",
    "predicate": "another predicate in place of the labelled one",
    "further": "a further predicate of a pair that was answered rightly",
    "boundaries": "subject or object cut differently",
    "object": "subject and predicate labelled, with another object",
    "subject": "predicate and object labelled, with another subject",
    "new": "none of these: nothing like it is labelled",
}
"""What may be the matter with an invented triple; the first that fits."""
MISSED = {
    "exchanged": "answered with subject and object exchanged",
    "predicate": "answered with another predicate",
    "boundaries": "answered with subject or object cut differently",
    "under": "considered, but under the threshold",
    "repaired": "over the threshold, but a rule removed or changed it",
    "absent": "never considered: the text does not hold subject or object",
    "unconsidered": "never considered",
}
"""What may have become of a missed label; the first that fits."""


class Mistake(NamedTuple):
    """An invented triple, or a missed label."""

    row: int
    """Index into the sentences of an `Outcome`."""
    side: Side
    triple: Triple
    kind: str
    """A key of `INVENTED` or of `MISSED`."""
    other: Triple | None
    """The label that an invented triple comes nearest to, or the answer that a label got instead."""
    score: float | None
    """The blend's; None for a triple that no model considered."""


def mistakes(outcome: Outcome, answers: Sequence[Sequence[Triple]]) -> list[Mistake]:
    """All invented and missed triples, sentence by sentence.

    Where one answer may count for two labels or two for one (aliases), numbers differ from the scorer's.
    """
    same = outcome.same
    return [
        mistake
        for row, (record, found) in enumerate(zip(outcome.records, answers, strict=True))
        for mistake in _of_sentence(outcome, row, record, found, same)
    ]


def _of_sentence(
    outcome: Outcome, row: int, record: Record, found: Sequence[Triple], same: Same
) -> Iterator[Mistake]:
    labels = list({normal_form(label): label for label in record.triples}.values())
    invented = [each for each in found if not any(same(each, label) for label in labels)]
    missed = [label for label in labels if not any(same(each, label) for each in found)]
    scored = outcome.scored[row]
    for triple in invented:
        kind, other = invented_kind(record.text, triple, labels, missed)
        yield Mistake(row, "invented", triple, kind, other, scored.get(normal_form(triple)))
    for label in missed:
        score = scored.get(normal_form(label))
        kind, other = missed_kind(record.text, label, invented)
        if not other and score is not None:
            kind = "under" if score < outcome.threshold(label[1]) else "repaired"
        yield Mistake(row, "missed", label, kind, other, score)


def invented_kind(
    text: str, triple: Triple, labels: Sequence[Triple], missed: Sequence[Triple]
) -> tuple[str, Triple | None]:
    """A key of `INVENTED`, and the label that the triple comes nearest to; missed labels come first."""
    ordered = [*missed, *(label for label in labels if label not in missed)]
    kind, label = _nearest(text, triple, ordered, tuple(RELATIONS))
    return ("further" if kind == "predicate" and label not in missed else kind or "new"), label


def missed_kind(text: str, label: Triple, invented: Sequence[Triple]) -> tuple[str, Triple | None]:
    """A key of `MISSED` and the answer instead of the label; without one, whether it could be found."""
    kind, triple = _nearest(text, label, invented, ("exchanged", "predicate", "boundaries"))
    return kind or ("unconsidered" if _holds(text, label[0]) and _holds(text, label[2]) else "absent"), triple


def _nearest(
    text: str, triple: Triple, others: Sequence[Triple], kinds: Sequence[str]
) -> tuple[str | None, Triple | None]:
    """The first kind of relation to any of the others."""
    for kind in kinds:
        for other in others:
            if RELATIONS[kind](text, triple, other):
                return kind, other
    return None, None


def _holds(text: str, name: str) -> bool:
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
"""(text, triple, other): how two unlike triples of a sentence may resemble each other, the closest first."""
