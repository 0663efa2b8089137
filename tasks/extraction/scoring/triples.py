"""Precision, recall and F1 of triples: as the contest's published scorer counts, and without its quirks.

A sentence is a pair (text, triples). A predicted triple *matches* a labelled one if their predicates are
equal and so are subjects and objects, by name or by two optional dictionaries: `alias[predicted name]` lists
other names, `location[labelled object]` lists places of other granularity that count as well.

| | official | strict |
|---|---|---|
| strings | lower case, one enclosing 《》 removed | the same, and white space removed |
| a text that occurs twice | the last one overwrites, on both sides | each counts, the k-th with the k-th |
| a text that is not labelled | ignored | an error |
| precision | predicted triples (no repeats by alias) that match any label | one-to-one matching |
| recall | labels that match any predicted triple | the same matching, so one numerator for both |
| aliases | of the predicted triple | in both directions |

The numerators of `official` differ if there is a dictionary: two labels may match one triple.
`strict` counts each label once: a fact predicted under two names is one right and one wrong triple.
Which of two aliases the official scorer keeps depends on its hash order; here it is the first when sorted.

Source: github.com/baidu/information-extraction, bin/evaluation/calc_pr.py. That is Python 2, whose lower
case differs from ours for İ and for a Σ that ends a word.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

import numpy as np

from tasks.extraction.records import Triple, normal_name
from tasks.extraction.scoring.matching import NONE, Counter, Dictionary, count_official, count_strict

Sentence = tuple[str, Collection[Triple]]
Mode = Literal["official", "strict"]


class UnknownText(ValueError):
    """A predicted text is not labelled, or is predicted more often than it is labelled."""


class Counts(NamedTuple):
    """Numbers of triples and the scores that follow; a score with the denominator 0 is 0."""

    correct_precision: int
    predicted: int
    correct_recall: int
    gold: int

    @property
    def precision(self) -> float:
        return self.correct_precision / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.correct_recall / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def rounded(self) -> tuple[float, float, float]:
        """Precision, recall, F1 with the official 4 decimals, ties away from zero as in Python 2."""
        scores = (self.precision, self.recall, self.f1)
        places = Decimal("0.0001")
        precision, recall, f1 = (float(Decimal(s).quantize(places, ROUND_HALF_UP)) for s in scores)
        return precision, recall, f1


def evaluate(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    alias: Dictionary = NONE,
    location: Dictionary = NONE,
    mode: Mode = "official",
) -> Counts:
    """Count the triples of all sentences.

    Raises:
        UnknownText: in `strict` mode, a prediction has no labelled sentence.
    """
    total = per_sentence(gold, predicted, alias=alias, location=location, mode=mode).sum(axis=0)
    return Counts(*total.tolist())


def per_sentence(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    alias: Dictionary = NONE,
    location: Dictionary = NONE,
    mode: Mode = "official",
) -> np.ndarray:
    """The four counts of each labelled sentence, (n, 4) int64; zeros where a later text overwrites it."""
    count = _counter(alias, location, mode)
    rows = [count(labelled, answers) for labelled, answers in _pairs(gold, predicted, mode)]
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def by_predicate(
    gold: Sequence[Sentence],
    predicted: Sequence[Sentence],
    *,
    alias: Dictionary = NONE,
    location: Dictionary = NONE,
    mode: Mode = "official",
) -> dict[str, Counts]:
    """The counts of each predicate that occurs, by name; together they are those of `evaluate`."""
    count = _counter(alias, location, mode)
    totals: dict[str, list[int]] = {}
    for labelled, answers in _pairs(gold, predicted, mode):
        parts: dict[str, tuple[set[Triple], set[Triple]]] = defaultdict(lambda: (set(), set()))
        for side, triples in enumerate((labelled, answers)):
            for triple in triples:
                parts[triple[1]][side].add(triple)
        for predicate, sides in parts.items():
            before = totals.get(predicate, (0, 0, 0, 0))
            totals[predicate] = [a + b for a, b in zip(before, count(*sides), strict=True)]
    return {predicate: Counts(*totals[predicate]) for predicate in sorted(totals, key=repr)}


def standard_error(counts: np.ndarray) -> float:
    """Standard error of F1 over sentences drawn at random, from their (n, 4) counts.

    F1 is a function of two ratios of sums, P = Σa/Σb and R = Σc/Σd. By the delta method a sentence moves it
    by z = F_P·(a − P·b)/Σb + F_R·(c − R·d)/Σd, where F_P = 2R²/(P + R)² and F_R = 2P²/(P + R)², and the
    variance is n/(n − 1)·Σz². With a = c this is the ratio estimator of 2Σa/(Σb + Σd).
    It is 0 where F1 is 0, and for fewer than two sentences, which have no variance.
    """
    total, n = Counts(*counts.sum(axis=0).tolist()), len(counts)
    precision, recall = total.precision, total.recall
    if n < 2 or not total.f1:
        return 0.0
    right_precision, predicted, right_recall, gold = counts.T.astype(np.float64)
    moves = recall**2 * (right_precision - precision * predicted) / total.predicted
    moves += precision**2 * (right_recall - recall * gold) / total.gold
    moves *= 2 / (precision + recall) ** 2
    return float(np.sqrt(n / (n - 1) * np.square(moves).sum()))


def _counter(alias: Dictionary, location: Dictionary, mode: Mode) -> Counter:
    if mode == "official":
        return count_official(alias, location)
    return count_strict(_normal_dictionary(alias), _normal_dictionary(location))


def _pairs(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], mode: Mode
) -> list[tuple[set[Triple], set[Triple]]]:
    """The normalised triples of each labelled sentence: labelled, and predicted."""
    pairs = _by_text(gold, predicted) if mode == "official" else _by_occurrence(gold, predicted)
    names = _NormalNames(normal_name if mode == "official" else _name_without_space)
    return [(names.triples(labelled), names.triples(predicted)) for labelled, predicted in pairs]


def _by_text(
    gold: Sequence[Sentence], predicted: Sequence[Sentence]
) -> list[tuple[Collection[Triple], Collection[Triple]]]:
    last = {text: index for index, (text, _) in enumerate(gold)}
    answers = dict(predicted)
    return [
        (labelled, answers.get(text, ())) if last[text] == index else ((), ())
        for index, (text, labelled) in enumerate(gold)
    ]


def _by_occurrence(
    gold: Sequence[Sentence], predicted: Sequence[Sentence]
) -> list[tuple[Collection[Triple], Collection[Triple]]]:
    places: dict[str, list[int]] = defaultdict(list)
    for index in reversed(range(len(gold))):
        places[gold[index][0]].append(index)
    answers: list[Collection[Triple]] = [()] * len(gold)
    for index, (text, triples) in enumerate(predicted):
        if not places[text]:
            raise UnknownText(f"prediction {index}: expected a labelled text, received {text!r}")
        answers[places[text].pop()] = triples
    return [(labelled, triples) for (_, labelled), triples in zip(gold, answers, strict=True)]


class _NormalNames(dict[str, str]):
    """Normal forms by name, computed once for each name, since names recur."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        self.rule = rule

    def __missing__(self, name: str) -> str:
        self[name] = normed = self.rule(name)
        return normed

    def triples(self, triples: Iterable[Triple]) -> set[Triple]:
        return {(self[subject], predicate, self[object]) for subject, predicate, object in triples}


def _name_without_space(entity: str) -> str:
    return normal_name("".join(entity.split()))


def _normal_dictionary(dictionary: Dictionary) -> dict[str, set[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for name, others in dictionary.items():
        names[_name_without_space(name)].update(map(_name_without_space, others))
    return names
