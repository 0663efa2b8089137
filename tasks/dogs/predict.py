"""Predict the held-out and the test photographs, averaged over test-time views."""

import numpy as np

from tasks.core.competition import Job, Scores
from tasks.core.process import Progress
from tasks.dogs import data
from tasks.dogs.config import Recipe
from tasks.dogs.model import build_model
from tasks.dogs.training import Records, predict_rows


def predict(job: Job) -> tuple[Scores, Scores]:
    """Scores (n, heads, k) of the fold's held-out records and of all test records, with their ids."""
    recipe = Recipe.model_validate(job.settings)
    records = Records(job, recipe)
    network = build_model(recipe, shape=records.shape, class_count=records.class_count)
    assert job.model is not None
    network.load_weights(job.model / "model.weights.h5")
    train_ids = [record["id"] for record in data.train_records(job.dataset)]
    test_ids = data.test_ids(job.dataset)
    count = len(recipe.test_time.views)
    progress = Progress("views", 2 * count)

    def mean(part: data.Part, chosen: np.ndarray) -> np.ndarray:
        total = None
        for number in range(count):
            scores = predict_rows(network, records.rows(part, number), chosen)
            total = scores if total is None else total + scores
            progress.at(number + 1 if part == "train" else count + number + 1)
        assert total is not None
        return total / np.float32(count)

    held_out = mean("train", records.held_out)
    test = mean("test", np.arange(len(test_ids)))
    return Scores([train_ids[index] for index in records.held_out], held_out), Scores(test_ids, test)
