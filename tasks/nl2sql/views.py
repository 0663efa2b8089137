"""Augmented views of training questions."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tasks.core.jobs import AugmentJob
from tasks.learning.seeds import generator
from tasks.nl2sql import dataset
from tasks.nl2sql.augmentation.column_statistics import TableStatistics
from tasks.nl2sql.augmentation.invented_questions import invented
from tasks.nl2sql.augmentation.swaps import rename_columns, swap_values
from tasks.nl2sql.augmentation.table_transfer import TransferTargets, transfer
from tasks.nl2sql.config import Augmentation
from tasks.nl2sql.dataset import VIEW_FILE
from tasks.nl2sql.query.schema import Question, to_json
from tasks.text import dataset_files


def augment(job: AugmentJob) -> None:
    """Write one view of each training question.

    A question is only moved to tables of its own fold, with their cells: no view that a fold's model is
    trained on has anything of the tables held out for it, and all folds share the views.
    """
    settings = Augmentation.model_validate(job.settings["augmentation"])
    questions = dataset.questions(job.dataset, "train")
    tables = {id: TableStatistics(table) for id, table in dataset.tables(job.dataset, "train").items()}
    folds = np.load(job.folds / "folds.npy")
    targets = _targets(questions, folds, tables)

    def rows() -> Iterator[list[Any]]:
        for place, question in enumerate(questions):
            random = generator(job.seed, "view", job.view, place)
            view = _view(question, tables, targets[int(folds[place])], settings, random)
            assert view.query is not None
            yield [view.id, view.text, view.table, to_json(view.query)]

    dataset_files.write_lines(job.output / VIEW_FILE, rows())


def _targets(
    questions: list[Question], folds: np.ndarray, tables: dict[str, TableStatistics]
) -> dict[int, TransferTargets]:
    """The tables of each fold's questions."""
    by_fold: dict[int, dict[str, None]] = {}
    for question, fold in zip(questions, folds, strict=True):
        by_fold.setdefault(int(fold), {})[question.table] = None
    return {fold: TransferTargets([tables[id] for id in ids]) for fold, ids in by_fold.items()}


def _view(
    question: Question,
    tables: dict[str, TableStatistics],
    targets: TransferTargets,
    settings: Augmentation,
    random: np.random.Generator,
) -> Question:
    """Invented, or moved to another table, or with other columns and then other values, each with its
    probability."""
    moved, renamed, swapped = random.random(3) < (settings.refill, settings.columns, settings.values)
    statistics = tables[question.table]
    if settings.invented and random.random() < settings.invented:
        return invented(question, statistics, random)
    view = transfer(question, statistics, targets, random) if moved else question
    if view.table == question.table and renamed:
        view = rename_columns(view, statistics, random)
    if view.table == question.table and swapped:
        view = swap_values(view, statistics, random)
    return view
