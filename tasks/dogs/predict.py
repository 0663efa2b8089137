"""Predict the held-out and the test photographs, averaged over test-time views."""

from collections.abc import Iterator

import numpy as np

from tasks.core.competition import Scores
from tasks.core.execution.child_messages import Progress
from tasks.core.jobs import PredictJob
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.inputs import Inputs, predict_rows
from tasks.dogs.model import build_model
from tasks.learning.folds.rows import held_out_rows

PARTS: dict[str, dataset.Part] = {"held_out": "train", "test": "test"}
"""The part of the dataset that has the photographs of a predicted part."""


def predict(job: PredictJob) -> Iterator[tuple[str, Scores]]:
    """Yield scores (n, heads, k) of the job's parts: the fold's held-out records and all test records."""
    recipe = Recipe.model_validate(job.settings)
    inputs = Inputs(job, recipe)
    class_count = len(dataset.classes(job.dataset))
    network = build_model(recipe, shape=inputs.shape, class_count=class_count)
    (model,) = job.models
    network.load_weights(model / "model.weights.h5")
    parts = [part for part in PARTS if part in job.parts]
    count = len(recipe.test_time.views)
    progress, done = Progress("views", len(parts) * count), 0
    for part in parts:
        ids = dataset.ids(job.dataset, PARTS[part])
        rows = held_out_rows(job) if part == "held_out" else np.arange(len(ids))
        total: np.ndarray = np.zeros((), np.float32)
        for number in range(count):
            total = total + predict_rows(network, inputs.rows(PARTS[part], number), rows)
            progress.at(done := done + 1)
        yield part, Scores([ids[row] for row in rows], total / np.float32(count))
