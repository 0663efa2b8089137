"""Compare answers with labels, question by question, for the sections of a report."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.dataset import Dataset
from tasks.core.report.page import Material
from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql import dataset
from tasks.nl2sql.analysis.table_groups import exposures
from tasks.nl2sql.query import scoring
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Query, Question, Table
from tasks.nl2sql.query.scoring import Mode
from tasks.nl2sql.voting import answer_queries

NAMES: dict[Part, str] = {"train": "out of fold", "validation": "validation"}
"""Names of the predictions for the questions of a part."""


class EvaluatedPart(NamedTuple):
    """Parallel entries of all questions of one part."""

    name: str
    """Of `NAMES`."""
    questions: list[Question]
    gold: list[Query]
    answers: list[Query]
    tables: list[Table]
    """The table of each question."""
    values: Candidates
    decision: dict[str, Any]
    """How the answers were decided from the values: `vote`."""
    strict: np.ndarray
    """(n, 2) bool: whether the logic form is right, and the result of the answer."""
    official: np.ndarray
    """The same by the published scorer."""
    parts: np.ndarray
    """(n, 6) bool: whether each of `scoring.SUBTASKS` alone is right."""
    exposure: list[str]
    """For each question one of `table_groups.EXPOSURES`."""
    executor: Executor

    @property
    def by_id(self) -> dict[str, Table]:
        """The tables of the questions by id."""
        return {table.id: table for table in self.tables}

    def correctness(self, answers: Sequence[Query]) -> np.ndarray:
        """(n, 2) bool: strict correctness of other answers to the same questions."""
        return scoring.correctness(self.gold, answers, self.tables, self.executor, mode="strict")


def of_material(material: Material) -> list[EvaluatedPart]:
    """The answers of the blend out of fold, and on the validation part if there is one.

    Raises:
        ValueError: the blend's records are not the dataset's, or are in another order.
    """
    parts = [evaluate(material.dataset, "train", material.blended, folds=material.folds)]
    if material.blended_validation is not None:
        decided = material.blended_validation._replace(decision=material.blended.decision)
        parts.append(evaluate(material.dataset, "validation", decided))
    return parts


def evaluate(
    folder: Dataset, part: Part, scores: Scores, *, folds: np.ndarray | None = None
) -> EvaluatedPart:
    """Evaluate the answers of scores of a labelled part; without a decision, votes are on whole queries.

    Args:
        folds: (n,) of the training part, the fold in which each question is held out.

    Raises:
        ValueError: the scores' records are not those of the part, or are in another order.
    """
    questions, by_id = dataset.questions(folder, part), dataset.tables(folder, part)
    if list(scores.ids) != [question.id for question in questions]:
        expected = f"scores of the {len(questions)} questions of the {part} part in their order"
        raise ValueError(f"report: expected {expected}, received {len(scores.ids)}")
    decision = {"vote": "query", **(scores.decision or {})}
    gold, tables = labels(questions), [by_id[question.table] for question in questions]
    executor = Executor(dataset.database(folder, part), by_id)
    answers = answer_queries(scores.values, questions, by_id, decision)
    modes: tuple[Mode, Mode] = ("strict", "official")
    given = [question.given for question in questions]
    strict, official = (
        scoring.correctness(gold, answers, tables, executor, mode=mode, given=given) for mode in modes
    )
    parts = list(map(scoring.subtask_correctness, gold, answers, tables))
    return EvaluatedPart(
        NAMES[part],
        questions,
        gold,
        answers,
        tables,
        scores.values,
        decision,
        strict,
        official,
        np.array(parts, bool).reshape(-1, len(scoring.SUBTASKS)),
        exposures(folder, part, questions, by_id, folds=folds),
        executor,
    )


def labels(questions: Sequence[Question]) -> list[Query]:
    """The queries of labelled questions."""
    return [question.query for question in questions if question.query is not None]
