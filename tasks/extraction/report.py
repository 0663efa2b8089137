"""The competition's own sections of the report: predicates, mistakes, thresholds, rules, sizes, raw data.

All rest on the blend's out-of-fold answers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.core.dataset import Dataset
from tasks.core.dataset import notes as dataset_notes
from tasks.core.report.formatting import Estimate
from tasks.core.report.page import Material, Section, TableBlock, Text
from tasks.extraction import dataset
from tasks.extraction.analysis import error_sections, evaluation, threshold_and_rule_effects
from tasks.extraction.analysis.errors import mistakes
from tasks.extraction.analysis.evaluation import AnsweredPart
from tasks.extraction.records import Triple
from tasks.extraction.scoring import triples as scoring
from tasks.extraction.scoring.triples import Counts

Answers = Sequence[Sequence[Triple]]

LENGTHS = (25, 50, 75, 100, 150, 200)
"""Upper bounds of the classes of lengths; the last class has none."""
NUMBERS = (0, 1, 2, 3, 4, 6, 9)
"""Upper bounds of the classes of numbers of triples; the last class has none."""
ENDS = 10
"""Predicates shown from each end of the list."""
LABELLED = ("train", "validation")
BAR = "━"
BAR_CHARACTERS = 20


def sections(material: Material) -> list[Section]:
    """The competition's own sections, in reading order.

    Raises:
        ValueError: the blend's records are not the dataset's, or are in another order.
    """
    evaluated = evaluation.read(material)
    answers = evaluation.answers(evaluated)
    wrong = mistakes(evaluated, answers)
    every = [
        by_predicate(evaluated, answers),
        error_sections.confusions(wrong),
        error_sections.sentences(evaluated, wrong),
        threshold_and_rule_effects.thresholds(evaluated),
        threshold_and_rule_effects.rules(evaluated, evaluation.read_validation(material)),
        by_size(evaluated, answers),
        notes(material.dataset),
    ]
    return [section for section in every if section.blocks]


def by_predicate(evaluated: AnsweredPart, answers: Answers) -> Section:
    """Precision, recall and F1 of each predicate, the one with most labels first."""
    counts = scoring.by_predicate(*evaluated.pairs(answers), **evaluated.scorer)
    if not counts:
        return Section("F1 by predicate", [])
    ordered = sorted(counts.items(), key=lambda entry: -entry[1].gold)
    rows = [[predicate, *_figures(each), each.f1, bar(each.f1)] for predicate, each in ordered]
    labelled = [each.f1 for each in counts.values() if each.gold]
    text = (
        f"All predicates counting alike, F1 is {np.mean(labelled or [0]):.4f}; the competition's counts "
        "triples alike, so frequent predicates decide it. Figures of rare predicates are mostly chance."
    )
    columns = ["predicate", "labels", "answered", "precision", "recall", "F1", "F1 as a bar"]
    caption = (
        "The most frequent first. For each predicate: labels, answers, and the shares of both that match."
    )
    return Section("F1 by predicate", [Text(text), TableBlock(columns, rows, caption)])


def bar(share: float) -> str:
    """A share as a bar of text; a chart would need a font with the Chinese names of predicates."""
    return BAR * round(share * BAR_CHARACTERS)


def by_size(evaluated: AnsweredPart, answers: Answers) -> Section:
    """F1 by length of sentences, and by number of labelled triples."""
    if not evaluated.records:
        return Section("F1 by size", [])
    counts = scoring.per_sentence(*evaluated.pairs(answers), **evaluated.scorer)
    lengths = [len(record.text) for record in evaluated.records]
    numbers = counts[:, 3].tolist()
    return Section(
        "F1 by size",
        [
            _size_table("characters", lengths, LENGTHS, counts, "By length of the sentence."),
            _size_table("triples", numbers, NUMBERS, counts, "By number of labels of the sentence."),
        ],
    )


def _size_table(
    name: str, sizes: Sequence[int], bounds: Sequence[int], counts: np.ndarray, caption: str
) -> TableBlock:
    """One line for each class of sentences; classes end at the bounds, the last one has no end."""
    classes = np.searchsorted(np.array(bounds), np.array(sizes), side="left")
    rows = []
    for number in np.unique(classes):
        chosen = counts[classes == number]
        total = Counts(*chosen.sum(axis=0).tolist())
        f1 = Estimate(total.f1, scoring.standard_error(chosen)) if total.gold else None
        rows.append([_class(bounds, int(number)), len(chosen), *_figures(total), f1, bar(total.f1)])
    columns = [name, "sentences", "labels", "answered", "precision", "recall", "F1", "F1 as a bar"]
    return TableBlock(columns, rows, f"{caption} F1 ± one standard error.")


def _class(bounds: Sequence[int], number: int) -> str:
    first = bounds[number - 1] + 1 if number else 0
    if number == len(bounds):
        return f"{first} and more"
    return str(first) if first == bounds[number] else f"{first} to {bounds[number]}"


def _figures(counts: Counts) -> list[Any]:
    """Labels, answers, precision and recall; None where a denominator is 0."""
    precision = counts.precision if counts.predicted else None
    return [counts.gold, counts.predicted, precision, counts.recall if counts.gold else None]


def notes(parts: Dataset) -> Section:
    """Counts and notes of the raw files; of the predicates' counts those at each end of the list."""
    from tasks.learning.report import sections

    known, counts = dataset.predicates(parts), dataset_notes(parts, LABELLED)["counts"]
    if not counts:
        return sections.notes(parts)
    rows = [[each, *(counts.get(f"{part} {each}", 0) for part in LABELLED)] for each in known]
    rows.sort(key=lambda row: -row[1])
    shown = rows if len(rows) <= 2 * ENDS else [*rows[:ENDS], *rows[-ENDS:]]
    caption = f"Triples by predicate: the {ENDS} most and the {ENDS} least frequent of {len(rows)}."
    table = TableBlock(
        ["predicate", *LABELLED], shown, caption if len(shown) < len(rows) else "Triples by predicate."
    )
    in_table = {f"{part} {each}" for part in LABELLED for each in known}
    return sections.notes(parts, omitted=in_table, more=[table])
