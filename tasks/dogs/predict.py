"""Predict photographs of a part, averaged over test-time views."""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import PredictJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.inputs import BATCH, Inputs, predict_batches, rows_of_batch
from tasks.dogs.model import build_model
from tasks.learning.folds.rows import held_out_rows
from tasks.learning.loading.loader import Source, made_ahead
from tasks.learning.training.keras_setup import on_card

PARTS: dict[str, Part] = {"held_out": "train", "test": "test"}
"""The part of the dataset that has the photographs of a predicted part."""
PIECE = 4096
"""Photographs predicted at one time; whole batches, so that pieces change no batch."""


def predict(job: PredictJob) -> Iterator[Scores]:
    """Yield scores (n, heads, k) of the job's part, in pieces: the fold's held-out or all test records."""
    recipe, part = Recipe.model_validate(job.settings), PARTS[job.part]
    inputs = Inputs(job, recipe, (part,))
    class_count = len(dataset.classes(job.dataset))
    network = build_model(recipe, shape=inputs.shape, class_count=class_count)
    (model,) = job.models
    network.load_weights(model / "model.weights.h5")
    ids, rows, views = dataset.ids(job.dataset, part), _rows(job), recipe.test_time.views
    pieces = [rows[start : start + PIECE] for start in range(0, len(rows), PIECE)]
    progress = Progress("photographs", len(rows))
    places = [
        (view, start)
        for piece in range(0, len(rows), PIECE)
        for view in views
        for start in range(piece, min(piece + PIECE, len(rows)), BATCH)
    ]
    source = None if recipe.trunk.cut else Source(batches, job)
    made = made_ahead(batches(job), places, source=source, workers=job.data_workers, processes=on_card())
    with closing(made) as ahead:
        for number, chosen in enumerate(pieces):
            progress.at(number * PIECE)
            total: np.ndarray = np.zeros((), np.float32)
            for _ in views:
                of_view = islice(ahead, -(-len(chosen) // BATCH))
                total = total + predict_batches(network, of_view, len(chosen))
            yield Scores([ids[row] for row in chosen], total / np.float32(len(views)))


def batches(job: PredictJob) -> Callable[[str, int], np.ndarray]:
    """A function from (view, position among the predicted records) to a batch of inputs."""
    recipe, part, rows = Recipe.model_validate(job.settings), PARTS[job.part], _rows(job)
    inputs = Inputs(job, recipe, (part,))
    of_view: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        view: inputs.rows(part, view) for view in recipe.test_time.views
    }
    return lambda view, start: of_view[view](rows_of_batch(rows, start))


def _rows(job: PredictJob) -> np.ndarray:
    """Indices of the predicted records among those of their part."""
    if job.part == "held_out":
        return held_out_rows(job)
    return np.arange(len(dataset.ids(job.dataset, PARTS[job.part])))
