"""Predict held-out, validation and test questions, by one model or by several that average sketches first."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import compress, islice
from pathlib import Path
from typing import Any

import numpy as np

from tasks.core.competition import Scores
from tasks.core.execution.messages import Progress
from tasks.core.jobs import PredictJob
from tasks.learning.ensemble.candidates import Candidates
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.sketch import features
from tasks.text import dataset_files
from tasks.text.tokenization import Reader

CHUNK = 1024
"""Questions of a piece: all whose marks are in memory, put in order of size before they are batched."""


def predict(job: PredictJob) -> Iterator[tuple[str, Scores]]:
    """Candidates of the job's parts, piece by piece; `held_out` are the questions of its fold."""
    recipe = Recipe.model_validate(job.settings)
    reader = Reader(recipe.encoder, partial(dataset_files.characters, job.dataset))
    models = [_loaded(model, recipe, reader) for model in job.models]
    progress, done = Progress("questions", sum(_count(job, part) for part in job.parts)), 0
    for part in job.parts:
        source = _source(part)
        tables = dataset.tables(job.dataset, source)
        executor = Executor(dataset.database(job.dataset, source), tables)
        for piece in _pieces(job, part):
            values = _decoded(models, recipe, reader, piece, tables, executor)
            progress.at(done := done + len(piece))
            yield part, Scores([question.id for question in piece], values)


def _decoded(
    models: list[Any],
    recipe: Recipe,
    reader: Reader,
    piece: list[Question],
    tables: Mapping[str, Table],
    executor: Executor,
) -> Candidates:
    from tasks.nl2sql.sketch import inference
    from tasks.nl2sql.two_stage import inference as two_stage

    decoded = two_stage.decoded if recipe.method == "two-stage" else inference.decoded
    read = features.examples(piece, tables, longest=reader.longest)
    return decoded(models, recipe, reader, read, tables, executor)


def _loaded(folder: Path, recipe: Recipe, reader: Reader) -> Any:
    from tasks.nl2sql.sketch import network as networks
    from tasks.nl2sql.two_stage import network as two_stage_network

    build = two_stage_network.build if recipe.method == "two-stage" else networks.build
    network = build(recipe, reader, seed=0)
    network.model.load_weights(folder / "model.weights.h5")
    return network


def _count(job: PredictJob, part: str) -> int:
    return (
        int(_held_out(job).sum()) if part == "held_out" else dataset_files.count(job.dataset, _source(part))
    )


def _pieces(job: PredictJob, part: str) -> Iterator[list[Question]]:
    """The questions of a part without their queries; a part that has none is one empty piece."""
    questions = dataset.stream(job.dataset, _source(part))
    if part == "held_out":
        questions = compress(questions, _held_out(job).tolist())
    unlabelled = (question._replace(query=None) for question in questions)
    yield list(islice(unlabelled, CHUNK))
    while piece := list(islice(unlabelled, CHUNK)):
        yield piece


def _source(part: str) -> dataset.Part:
    return "train" if part == "held_out" else "validation" if part == "validation" else "test"


def _held_out(job: PredictJob) -> np.ndarray:
    """(n,) bool, whether a training question is of the job's fold."""
    return np.asarray(np.load(job.folds / "folds.npy") == job.fold)
