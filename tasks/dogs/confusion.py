"""The blend's answers against the true breeds: which are confused, which are recognised least."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tasks.core.report.page import Material, Section, TableBlock, Text

PAIRS = 15
MATRIX_BREEDS = 12
WORST_BREEDS = 15


class OutOfFoldAnswers(NamedTuple):
    """The blend's out-of-fold probabilities and the true classes, which are indices into `labels`."""

    ids: list[str]
    labels: list[int]
    probabilities: np.ndarray
    """(n, k)"""
    truth: np.ndarray
    """(n,)"""
    folds: np.ndarray
    """(n,)"""

    @property
    def answer(self) -> np.ndarray:
        """(n,) the most probable class."""
        return np.argmax(self.probabilities, axis=1)

    @property
    def confusion(self) -> np.ndarray:
        """(k, k) counts, rows the true breeds."""
        size = len(self.labels)
        return np.bincount(self.truth * size + self.answer, minlength=size**2).reshape(size, size)


def read_answers(material: Material) -> OutOfFoldAnswers:
    from tasks.dogs.dataset import classes, targets, train_records

    ids = [record["id"] for record in train_records(material.dataset)]
    if ids != list(material.blended.ids):
        raise ValueError(
            f"report: expected scores of the dataset's {len(ids)} training records in their order, "
            f"received {len(material.blended.ids)} records"
        )
    values, truth = np.asarray(material.blended.values), np.asarray(targets(material.dataset))
    return OutOfFoldAnswers(ids, list(classes(material.dataset)), values, truth, np.asarray(material.folds))


def confused_breeds(answers: OutOfFoldAnswers) -> Section:
    """The pairs of breeds most often taken for each other, and the matrix of those breeds."""
    from tasks.learning.report.charts import matrix

    counts = answers.confusion
    pairs = confused_pairs(counts)
    if not pairs:
        return Section("Confused breeds", [])
    labels, sizes = answers.labels, counts.sum(axis=1)
    rows = [
        [
            labels[a],
            labels[b],
            counts[a, b],
            counts[b, a],
            (counts[a, b] + counts[b, a]) / (sizes[a] + sizes[b]),
        ]
        for a, b in pairs[:PAIRS]
    ]
    columns = ["breed A", "breed B", "A taken for B", "B taken for A", "share of both"]
    chosen = _first_breeds(pairs, MATRIX_BREEDS)
    chart = matrix(
        counts[np.ix_(chosen, chosen)],
        [str(labels[breed]) for breed in chosen],
        caption=f"The {len(chosen)} breeds of the most confused pairs, by label. Rows are the true "
        "breeds, columns the answers.",
    )
    return Section(
        "Confused breeds", [TableBlock(columns, rows, "Breeds most often taken for each other."), chart]
    )


def confused_pairs(counts: np.ndarray) -> list[tuple[int, int]]:
    """Pairs (a, b), a < b, that were confused at least once, most often first."""
    both = np.triu(counts + counts.T, 1)
    order = np.argsort(-both, axis=None, kind="stable")[: np.count_nonzero(both)]
    return [(int(place // len(counts)), int(place % len(counts))) for place in order]


def _first_breeds(pairs: Sequence[tuple[int, int]], limit: int) -> list[int]:
    """The first breeds of the pairs, each next to the one it is confused with."""
    return list(dict.fromkeys(breed for pair in pairs for breed in pair))[:limit]


def accuracy_by_breed(answers: OutOfFoldAnswers) -> Section:
    """The breeds with the lowest accuracy."""
    counts = answers.confusion
    sizes, right = counts.sum(axis=1), np.diag(counts)
    accuracy = right / np.maximum(sizes, 1)
    wrong = counts - np.diag(right)
    order = [int(breed) for breed in np.argsort(accuracy, kind="stable") if sizes[breed]][:WORST_BREEDS]
    rows = [
        [
            answers.labels[breed],
            sizes[breed],
            right[breed],
            accuracy[breed],
            answers.labels[wrong[breed].argmax()] if wrong[breed].any() else None,
        ]
        for breed in order
    ]
    columns = ["breed", "records", "right", "accuracy", "most often taken for"]
    present = accuracy[sizes > 0]
    text = (
        f"Accuracy of a breed is {np.median(present):.1%} in the median, {present.min():.1%} at "
        f"the least; {np.count_nonzero(present == 1)} of {len(present)} breeds are always right."
    )
    return Section("Accuracy by breed", [Text(text), TableBlock(columns, rows, f"The lowest {len(rows)}.")])
