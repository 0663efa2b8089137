"""Which sentences are worth an explanation: the worst mistakes, and the most doubtful answers."""

from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.core.dataset import Dataset
from tasks.extraction import dataset
from tasks.extraction.records import normal_form, triple_of
from tasks.learning.ensemble.candidates import Candidates


def worst(parts: Dataset, scores: Scores) -> list[int]:
    """Training sentences with mistakes, the worst first.

    A wrong answer weighs its score, a label without an answer what its score lacks of 1.
    """
    threshold = _threshold(scores.decision)
    weights = [
        _weight(scores.values.record(row), {normal_form(each) for each in record.triples}, threshold)
        for row, record in enumerate(dataset.stream(parts, "train"))
    ]
    order = np.argsort(-np.array(weights), kind="stable")
    return order[: np.count_nonzero(weights)].tolist()


def _weight(scored: dict[str, float], labels: set[Any], threshold: float) -> float:
    of_form: dict[Any, float] = {}
    for candidate, score in scored.items():
        form = normal_form(triple_of(candidate))
        of_form[form] = max(score, of_form.get(form, 0.0))
    wrong = [score for form, score in of_form.items() if score >= threshold and form not in labels]
    missed = [1 - of_form.get(form, 0.0) for form in labels if of_form.get(form, 0.0) < threshold]
    return max([0.0, *wrong, *missed])


def unsure(scores: Scores) -> list[int]:
    """All sentences, those first of which a candidate's score is nearest to the threshold."""
    threshold, values = _threshold(scores.decision), scores.values
    distances = [_distance(values, row, threshold) for row in range(len(values))]
    return np.argsort(np.array(distances), kind="stable").tolist()


def _distance(values: Candidates, row: int, threshold: float) -> float:
    start, end = values.frame.starts[row : row + 2]
    return float(np.abs(values.scores[start:end] - threshold).min(initial=1.0))


def _threshold(decision: dict[str, Any] | None) -> float:
    return float((decision or {}).get("threshold", 0.5))
