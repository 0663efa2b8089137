"""Count the right triples of one sentence; both sets are normalised.

`tasks.extraction.scoring.triples` explains the two ways of counting.
"""

from collections.abc import Callable, Collection, Mapping

from tasks.extraction.records import Triple

Dictionary = Mapping[str, Collection[str]]
Counter = Callable[[set[Triple], set[Triple]], tuple[int, int, int, int]]
"""(labels, predicted triples) → right for precision, predicted, right for recall, labelled."""
Same = Callable[[Triple, Triple], bool]

NONE: Dictionary = {}


def count_official(alias: Dictionary, location: Dictionary) -> Counter:
    """Drop triples that an alias repeats; any triple matches any label, for precision and recall apart."""
    same, repeats = _same(alias, location), _same(alias, NONE)

    def count(gold: set[Triple], predicted: set[Triple]) -> tuple[int, int, int, int]:
        kept = _without_repeats(predicted, repeats)
        answering = sum(any(same(triple, label) for label in gold) for triple in kept)
        answered = sum(any(same(triple, label) for triple in predicted) for label in gold)
        return answering, len(kept), answered, len(gold)

    return count if alias or location else _count_equal


def count_strict(alias: Dictionary, location: Dictionary) -> Counter:
    """Match each predicted triple with one label at most, and each label with one triple at most."""
    same = _same(_symmetric(alias), location)

    def count(gold: set[Triple], predicted: set[Triple]) -> tuple[int, int, int, int]:
        correct = _matched(gold, predicted, same)
        return correct, len(predicted), correct, len(gold)

    return count if alias or location else _count_equal


def _count_equal(gold: set[Triple], predicted: set[Triple]) -> tuple[int, int, int, int]:
    """The result of both ways without dictionaries."""
    correct = len(gold & predicted)
    return correct, len(predicted), correct, len(gold)


def _symmetric(alias: Dictionary) -> dict[str, set[str]]:
    both = {name: set(others) for name, others in alias.items()}
    for name, others in alias.items():
        for other in others:
            both.setdefault(other, set()).add(name)
    return both


def _same(alias: Dictionary, location: Dictionary) -> Same:
    """Whether a predicted triple (first) matches a label (second)."""

    def named(predicted: str, label: str) -> bool:
        return predicted == label or label in alias.get(predicted, ())

    def same(predicted: Triple, label: Triple) -> bool:
        return (
            predicted[1] == label[1]
            and named(predicted[0], label[0])
            and (named(predicted[2], label[2]) or predicted[2] in location.get(label[2], ()))
        )

    return same


def _without_repeats(predicted: set[Triple], repeats: Same) -> list[Triple]:
    kept: list[Triple] = []
    for triple in sorted(predicted, key=repr):  # not all predicates of a file need be strings
        if not any(repeats(triple, other) for other in kept):
            kept.append(triple)
    return kept


def _matched(gold: set[Triple], predicted: set[Triple], same: Same) -> int:
    """Size of the largest one-to-one matching of labels and triples (augmenting paths)."""
    answer: dict[Triple, Triple] = {}

    def place(triple: Triple, tried: set[Triple]) -> bool:
        for label in gold - tried:
            if same(triple, label) and label not in tried:
                tried.add(label)
                if label not in answer or place(answer[label], tried):
                    answer[label] = triple
                    return True
        return False

    return sum(place(triple, set()) for triple in predicted)
