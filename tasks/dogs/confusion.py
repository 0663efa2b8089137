"""The blend's answers against the true breeds: which are confused, which are recognised least."""

from typing import NamedTuple

import numpy as np

from tasks.core.report.page import Material, Section, TableBlock, Text
from tasks.dogs.photographs.breed_names import shown_breeds

PAIRS = 15
MATRIX_BREEDS = 12
WORST_BREEDS = 15


class OutOfFoldAnswers(NamedTuple):
    """The blend's out-of-fold probabilities and the true classes, which are indices into `labels`."""

    ids: list[str]
    labels: list[int | str]
    """Breeds as people see them: the label, with its name where that is known."""
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
        expected = f"scores of the dataset's {len(ids)} training records in their order"
        raise ValueError(f"report: expected {expected}, received {len(material.blended.ids)} records")
    values, truth = np.asarray(material.blended.values), np.asarray(targets(material.dataset))
    labels = shown_breeds(list(classes(material.dataset)), material.config.get("data", {}).get("root", ""))
    return OutOfFoldAnswers(ids, labels, values, truth, np.asarray(material.folds))


def confused_breeds(answers: OutOfFoldAnswers) -> Section:
    """The pairs of breeds most often taken for each other, and the matrix of those breeds."""
    from tasks.learning.report.charts import matrix

    counts = answers.confusion
    pairs = confused_pairs(counts)
    if not pairs:
        return Section("Confused breeds", [])
    labels, sizes, both = answers.labels, counts.sum(axis=1), counts + counts.T
    rows = [
        [labels[a], labels[b], counts[a, b], counts[b, a], both[a, b] / (sizes[a] + sizes[b])]
        for a, b in pairs[:PAIRS]
    ]
    columns = ["breed A", "breed B", "A taken for B", "B taken for A", "share of both"]
    table = TableBlock(columns, rows, "Breeds most often taken for each other.")
    # each breed next to the one that it is confused with
    chosen = list(dict.fromkeys(breed for pair in pairs for breed in pair))[:MATRIX_BREEDS]
    which = f"The {len(chosen)} breeds of the most confused pairs."
    caption = f"{which} Rows are the true breeds, columns the answers."
    chart = matrix(counts[np.ix_(chosen, chosen)], [str(labels[breed]) for breed in chosen], caption=caption)
    return Section("Confused breeds", [table, chart])


def confused_pairs(counts: np.ndarray) -> list[tuple[int, int]]:
    """Pairs (a, b), a < b, that were confused at least once, most often first."""
    both = np.triu(counts + counts.T, 1)
    order = np.argsort(-both, axis=None, kind="stable")[: np.count_nonzero(both)]
    return [(int(place // len(counts)), int(place % len(counts))) for place in order]


def accuracy_by_breed(answers: OutOfFoldAnswers) -> Section:
    """The breeds with the lowest accuracy."""
    counts = answers.confusion
    sizes, right = counts.sum(axis=1), np.diag(counts)
    accuracy = right / np.maximum(sizes, 1)
    wrong = counts - np.diag(right)
    order = [int(breed) for breed in np.argsort(accuracy, kind="stable") if sizes[breed]][:WORST_BREEDS]
    labels = answers.labels
    taken_for = [labels[row.argmax()] if row.any() else None for row in wrong]
    rows = [[labels[i], sizes[i], right[i], accuracy[i], taken_for[i]] for i in order]
    columns = ["breed", "records", "right", "accuracy", "most often taken for"]
    present = accuracy[sizes > 0]
    text = (
        f"Accuracy of a breed is {np.median(present):.1%} in the median, {present.min():.1%} at "
        f"the least; {np.count_nonzero(present == 1)} of {len(present)} breeds are always right."
    )
    return Section("Accuracy by breed", [Text(text), TableBlock(columns, rows, f"The lowest {len(rows)}.")])
