"""The triples of a sentence, from scored candidates: thresholds, then post-repair rules."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.extraction.records import Record, Triple, normal_form, triple_of
from tasks.extraction.rules import rule_table
from tasks.learning.ensemble.candidates import Candidates
from tasks.learning.ensemble.thresholds import best_threshold, best_thresholds

ENOUGH_LABELS = 100
"""Least number of labels of a predicate with a threshold of its own; with fewer it would fit noise."""


def thresholds(
    values: Candidates, right: np.ndarray, label_count: int, records: Sequence[Record], *, by_predicate: bool
) -> dict[str, Any]:
    """The threshold with the best F1; with `by_predicate` one for each frequent predicate, one for the rest.

    Args:
        right: (m,) bool, whether a candidate is labelled.
        label_count: number of labels.
    """
    if not by_predicate:
        return {"threshold": best_threshold(values.scores, right, label_count)[0], "by_predicate": {}}
    labels = Counter(predicate for record in records for _, predicate, _ in record.triples)
    frequent = sorted(predicate for predicate, count in labels.items() if count >= ENOUGH_LABELS)
    number = {predicate: place for place, predicate in enumerate(frequent)}
    group = np.array([number.get(triple_of(key)[1], len(frequent)) for key in values.frame.keys], np.int64)
    chosen = [group == place for place in range(len(frequent) + 1)]
    *of_frequent, rest = best_thresholds([(values.scores[each], right[each]) for each in chosen], label_count)
    return {"threshold": rest, "by_predicate": dict(zip(frequent, of_frequent, strict=True))}


def answered(values: Candidates, texts: Sequence[str], decision: dict[str, Any]) -> list[list[Triple]]:
    """The triples of each sentence by a decision: `threshold`, `by_predicate`, `rules`."""
    return [_of_sentence(values.record(row), text, decision) for row, text in enumerate(texts)]


def _of_sentence(scored: dict[str, float], text: str, decision: dict[str, Any]) -> list[Triple]:
    by_predicate: dict[str, float] = decision["by_predicate"]
    kept = [
        triple
        for triple, score in ((triple_of(candidate), score) for candidate, score in scored.items())
        if score >= by_predicate.get(triple[1], decision["threshold"])
    ]
    return distinct(rule_table.apply(text, distinct(kept), tuple(decision["rules"])))


def distinct(triples: Sequence[Triple]) -> list[Triple]:
    """Of triples that the scorer takes for the same, the first."""
    first: dict[Triple, Triple] = {}
    for triple in triples:
        first.setdefault(normal_form(triple), triple)
    return list(first.values())
