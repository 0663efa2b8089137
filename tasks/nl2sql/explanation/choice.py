"""Which questions are worth an explanation: the most confident mistakes, and the most doubtful answers."""

from itertools import pairwise

import numpy as np

from tasks.core.competition import Scores
from tasks.core.dataset import Dataset
from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql import dataset
from tasks.nl2sql.query.schema import canonical
from tasks.nl2sql.voting import answer_queries


def worst(parts: Dataset, scores: Scores) -> list[int]:
    """Training questions with another query than the labelled one, those of the highest score first."""
    questions, tables = dataset.questions(parts, "train"), dataset.tables(parts, "train")
    decision = {"vote": "query", **(scores.decision or {})}
    answers = answer_queries(scores.values, questions, tables, decision)
    best = _best(scores.values)
    wrong = [
        row
        for row, (question, answer) in enumerate(zip(questions, answers, strict=True))
        if question.query is not None and canonical(answer) != canonical(question.query)
    ]
    return sorted(wrong, key=lambda row: -best[row])


def unsure(scores: Scores) -> list[int]:
    """All questions, those with the lowest score of their best query first."""
    return np.argsort(_best(scores.values), kind="stable").tolist()


def _best(values: Candidates) -> np.ndarray:
    starts = values.frame.starts
    return np.array([float(values.scores[first:end].max(initial=0.0)) for first, end in pairwise(starts)])
