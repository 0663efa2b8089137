"""Scores of the questions of `tests.nl2sql.written`, and what a report is made from, for tests of reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.report.page import Material, Section, TableBlock
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.nl2sql import dataset as files
from tasks.nl2sql import metric
from tasks.nl2sql.analysis.evaluation import labels
from tasks.nl2sql.config import Config
from tasks.nl2sql.query.schema import Query, canonical, to_json
from tasks.text import dataset_files
from tests.nl2sql.jobs import FOLD_OF
from tests.nl2sql.tiny import query

DECISION = {"vote": "query", "mode": "strict"}


def candidate(written: Query | str) -> str:
    """The key of a query, which may be written as `tests.nl2sql.tiny.query` reads it."""
    return key(to_json(canonical(query(written) if isinstance(written, str) else written)))


def right(dataset: Path, part: Part = "train") -> list[dict[str, float]]:
    """For each question its label, as the only candidate."""
    return [{candidate(label): 0.9} for label in labels(files.questions(dataset, part))]


def scores(dataset: Path, part: Part, records: Sequence[dict[str, float]], **decision: str) -> Scores:
    return Scores(dataset_files.ids(dataset, part), Candidates.of(records), {**DECISION, **decision})


def material(dataset: Path, records: Sequence[dict[str, float]], **fields: Any) -> Material:
    """Of one member; `fields` in place of its own."""
    blended = scores(dataset, "train", records)
    scorer = metric.scorer(dataset)
    folds = [FOLD_OF.get(question.table, 0) for question in files.questions(dataset, "train")]
    own: Mapping[str, Any] = {
        "dataset": dataset,
        "folds": np.array(folds),
        "members": {"only": blended},
        "blended": blended,
        "weights": {"only": 1.0},
        "score": lambda scored: scorer(scored.values, decision=scored.decision),
        "histories": {},
        "steps": [],
        "config": Config().model_dump(mode="json"),
    }
    return Material(**{**own, **fields})


def tables(found: Sequence[Section], title: str) -> list[TableBlock]:
    """The tables of one section."""
    section = next(section for section in found if section.title == title)
    return [block for block in section.blocks if isinstance(block, TableBlock)]
