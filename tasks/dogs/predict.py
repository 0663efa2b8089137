"""Predict photographs of a part, averaged over test-time views."""

from collections.abc import Iterator

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import PredictJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.inputs import Inputs, predict_rows
from tasks.dogs.model import build_model
from tasks.learning.folds.rows import held_out_rows

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
    ids = dataset.ids(job.dataset, part)
    rows = held_out_rows(job) if job.part == "held_out" else np.arange(len(ids))
    views = [inputs.rows(part, view) for view in recipe.test_time.views]
    progress = Progress("photographs", len(rows))
    for start in range(0, len(rows), PIECE):
        progress.at(start)
        chosen = rows[start : start + PIECE]
        total: np.ndarray = np.zeros((), np.float32)
        for view in views:
            total = total + predict_rows(network, view, chosen)
        yield Scores([ids[row] for row in chosen], total / np.float32(len(views)))
