"""Answers beside labels, question by question, for the report to tell what went right and what wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.competition import Part, Scores
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
"""What the questions of a part are called whose models had not seen them."""


class Outcome(NamedTuple):
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
    """What made the answers of the values: `vote`."""
    strict: np.ndarray
    """(n, 2) bool: whether the logic form is right, and what the answer finds."""
    official: np.ndarray
    """The same by the published scorer."""
    parts: np.ndarray
    """(n, 6) bool: whether each of `scoring.SUBTASKS` is right for itself."""
    exposure: list[str]
    """For each question, what the models had learned of its table: one of `exposure.EXPOSURES`."""
    executor: Executor


def of_material(material: Material) -> list[Outcome]:
    """What the blend answers out of fold, and on the validation part if there is one.

    Raises:
        ValueError: the blend's records are not the dataset's, or stand in another order.
    """
    found = [read(material.dataset, "train", material.blended, folds=material.folds)]
    if material.blended_validation is not None:
        decided = material.blended_validation._replace(decision=material.blended.decision)
        found.append(read(material.dataset, "validation", decided))
    return found


def read(folder: Path, part: Part, scores: Scores, *, folds: np.ndarray | None = None) -> Outcome:
    """What scores of a labelled part of the dataset answer; best whole queries without a decision.

    Args:
        folds: (n,) of the training part, the fold in which each question is held out.

    Raises:
        ValueError: the scores' records are not those of the part, or stand in another order.
    """
    questions, tables = dataset.questions(folder, part), dataset.tables(folder, part)
    _check_ids(scores.ids, questions, part)
    decision = {"vote": "query", **(scores.decision or {})}
    gold, own = labels(questions), [tables[question.table] for question in questions]
    executor = Executor(dataset.database(folder, part), tables)
    answers = answer_queries(scores.values, questions, tables, decision)
    modes: tuple[Mode, Mode] = ("strict", "official")
    strict, official = (scoring.correctness(gold, answers, own, executor, mode=mode) for mode in modes)
    return Outcome(
        NAMES[part],
        questions,
        gold,
        answers,
        own,
        scores.values,
        decision,
        strict,
        official,
        parts_right(gold, answers, own),
        exposures(folder, part, questions, tables, folds=folds),
        executor,
    )


def labels(questions: Sequence[Question]) -> list[Query]:
    """The queries of labelled questions."""
    return [question.query for question in questions if question.query is not None]


def parts_right(gold: Sequence[Query], answers: Sequence[Query], tables: Sequence[Table]) -> np.ndarray:
    """(n, 6) bool: whether each of `scoring.SUBTASKS` is right for itself."""
    right = map(scoring.subtask_correctness, gold, answers, tables)
    return np.array(list(right), bool).reshape(-1, len(scoring.SUBTASKS))


def judged(outcome: Outcome, answers: Sequence[Query]) -> np.ndarray:
    """(n, 2) bool: strict verdicts on other answers to the same questions."""
    return scoring.correctness(outcome.gold, answers, outcome.tables, outcome.executor, mode="strict")


def by_id(outcome: Outcome) -> dict[str, Table]:
    """The tables that are asked of."""
    return {table.id: table for table in outcome.tables}


def _check_ids(ids: Sequence[str], questions: Sequence[Question], part: Part) -> None:
    if list(ids) != [question.id for question in questions]:
        raise ValueError(
            f"report: expected scores of the {len(questions)} questions of the {part} part in their order, "
            f"received {len(ids)}"
        )
