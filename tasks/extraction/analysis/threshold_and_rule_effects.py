"""Sections of the report on thresholds and rules: those chosen, and their alternatives, out of fold."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.core.report.page import Block, Section, TableBlock, Text
from tasks.extraction.analysis.evaluation import AnsweredPart, answers
from tasks.extraction.records import Triple, normal_form
from tasks.extraction.rules.rule_table import RULES
from tasks.extraction.scoring import triples
from tasks.extraction.scoring.triples import Counts

PLACES = 200
"""Thresholds at which the curves are drawn."""
NEARLY_ALL = 0.01
"""Share of labels under the threshold below which candidates, not the threshold, bound recall."""


def thresholds(evaluated: AnsweredPart) -> Section:
    """Precision, recall and F1 over the threshold; thresholds of single predicates where they have any."""
    from tasks.learning.report import charts

    predicates, scores, right = _candidates(evaluated)
    labels = _labels(evaluated)
    wanted = sum(labels.values())
    if not len(scores) or not wanted:
        return Section("Thresholds", [])
    threshold = evaluated.decision["threshold"]
    places = np.linspace(scores.min(), scores.max(), PLACES)
    curve = [_counts(scores, right, wanted, place) for place in places]
    chart = charts.lines(
        places,
        {
            "precision": [counts.precision for counts in curve],
            "recall": [counts.recall for counts in curve],
            "F1": [counts.f1 for counts in curve],
        },
        mark=threshold,
        x_label="threshold",
        caption="Answers are all candidates from that score on, before rules. Dotted: the chosen threshold.",
    )
    chosen = _counts(scores, right, wanted, threshold)
    text = (
        f"Threshold {threshold:.4f}, chosen on these predictions: precision {chosen.precision:.4f}, recall "
        f"{chosen.recall:.4f}, F1 {chosen.f1:.4f}. Of {wanted:,} labels {right.sum() / wanted:.1%} are "
        "candidates at all, which bounds the recall of any threshold."
    )
    if right.sum() - chosen.correct_recall < NEARLY_ALL * wanted:
        text += " Nearly all of these are answered: a lower “floor” of the recipes would add candidates."
    blocks: list[Block] = [Text(text), chart]
    if evaluated.decision["by_predicate"]:
        blocks.append(_thresholds_by_predicate(evaluated, predicates, scores, right, labels))
    return Section("Thresholds", blocks)


def _candidates(evaluated: AnsweredPart) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predicate, score and correctness of every candidate, aliases aside."""
    gold = [{normal_form(label) for label in record.triples} for record in evaluated.records]
    candidates = [
        (triple[1], score, triple in labels)
        for labels, scored in zip(gold, evaluated.scored, strict=True)
        for triple, score in scored.items()
    ]
    predicates, scores, right = zip(*candidates, strict=True) if candidates else ((), (), ())
    return np.array(predicates, object), np.array(scores, np.float64), np.array(right, bool)


def _labels(evaluated: AnsweredPart) -> dict[str, int]:
    """Number of labels by predicate, the most frequent first."""
    distinct = [
        label[1] for record in evaluated.records for label in {normal_form(each) for each in record.triples}
    ]
    names, counts = np.unique(np.array(distinct, str), return_counts=True)
    return {str(names[place]): int(counts[place]) for place in np.argsort(-counts, kind="stable")}


def _counts(scores: np.ndarray, right: np.ndarray, wanted: int, threshold: float) -> Counts:
    answered = scores >= threshold
    correct = int(np.count_nonzero(answered & right))
    return Counts(correct, int(np.count_nonzero(answered)), correct, wanted)


def _thresholds_by_predicate(
    evaluated: AnsweredPart,
    predicates: np.ndarray,
    scores: np.ndarray,
    right: np.ndarray,
    labels: dict[str, int],
) -> TableBlock:
    rows = []
    for predicate, wanted in labels.items():
        if predicate in evaluated.decision["by_predicate"]:
            of_predicate = predicates == predicate
            f1 = [
                _counts(scores[of_predicate], right[of_predicate], wanted, threshold).f1
                for threshold in (evaluated.threshold(predicate), evaluated.decision["threshold"])
            ]
            rows.append([predicate, wanted, evaluated.threshold(predicate), *f1])
    columns = ["predicate", "labels", "threshold", "F1", "F1 at the common threshold"]
    return TableBlock(
        columns, rows, "Predicates with a threshold of their own; all others use the common one."
    )


def rules(evaluated: AnsweredPart, validation: AnsweredPart | None = None) -> Section:
    """The effect of each rule: F1 out of fold with and without it, all others as chosen.

    Args:
        validation: answers on the validation part, for a column with the gain there.
    """
    every = _rule_rows(evaluated)
    gains = {row[0]: row[4] if row[5] else None for row in _rule_rows(validation)} if validation else {}
    columns = ["rule", "in use", "F1 with it", "F1 without", "gain", "sentences", "right", "wrong"]
    if validation:
        columns.append("gain on validation")
        every = [[*row, gains[row[0]]] for row in every]
    is_idle = {row[0]: not row[5] and gains.get(row[0]) is None for row in every}
    rows = sorted((row for row in every if not is_idle[row[0]]), key=lambda row: (row[1] == "off", -row[4]))
    idle = [row[0] for row in every if is_idle[row[0]]]
    chosen = [row[0] for row in every if row[1] == "on"]
    text = (
        f"In use: {', '.join(chosen) or 'none'}. Each rule that is on is left out once, each that is off is "
        "added once; thresholds stay as they are. A gain from few sentences is mostly chance, and "
        "rules chosen by these figures make the score too high."
    )
    text += f" No sentence is changed by {', '.join(idle)}." if idle else ""
    caption = "Sentences it changes, and the right and wrong triples that it adds, or removes where negative."
    return Section("Rules", [Text(text), *([TableBlock(columns, rows, caption)] if rows else [])])


def _rule_rows(evaluated: AnsweredPart) -> list[list[Any]]:
    """A row for each rule, in the order in which they are applied."""
    chosen = [name for name in RULES if name in evaluated.decision["rules"]]
    now = answers(evaluated)
    total = _score(evaluated, range(len(now)), now)
    return [_rule_row(evaluated, name, chosen, now, total) for name in RULES]


def _rule_row(
    evaluated: AnsweredPart,
    name: str,
    chosen: Sequence[str],
    now: Sequence[Sequence[Triple]],
    total: np.ndarray,
) -> list[Any]:
    used = name in chosen
    other = answers(evaluated, [each for each in [*chosen, name] if not (used and each == name)])
    changed = [row for row, (a, b) in enumerate(zip(now, other, strict=True)) if set(a) != set(b)]
    moved = _score(evaluated, changed, other) - _score(evaluated, changed, now)
    without, having = (total + moved, total) if used else (total, total + moved)
    right, answered = (having - without)[:2].tolist()
    f1 = [Counts(*counts.tolist()).f1 for counts in (having, without)]
    in_use = "on" if used else "off"
    return [name, in_use, *f1, f1[0] - f1[1], len(changed), right, answered - right]


def _score(evaluated: AnsweredPart, rows: Sequence[int], answers: Sequence[Sequence[Triple]]) -> np.ndarray:
    """(4,) int64 counts of some sentences."""
    counts = triples.per_sentence(*evaluated.pairs(answers, rows), **evaluated.scorer)
    total: np.ndarray = counts.sum(axis=0)
    return total
