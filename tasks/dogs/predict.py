"""Predict the held-out and the test photographs, averaged over test-time views."""

import numpy as np

from tasks.core.competition import Job, Scores
from tasks.core.process import Progress
from tasks.dogs import dataset
from tasks.dogs.config import Recipe
from tasks.dogs.inputs import Inputs, predict_rows
from tasks.dogs.model import build_model


def predict(job: Job) -> tuple[Scores, Scores]:
    """Scores (n, heads, k) of the fold's held-out records and of all test records, with their ids."""
    recipe = Recipe.model_validate(job.settings)
    inputs = Inputs(job, recipe)
    class_count = len(dataset.classes(job.dataset))
    network = build_model(recipe, shape=inputs.shape, class_count=class_count)
    assert job.model is not None
    assert job.folds is not None
    network.load_weights(job.model / "model.weights.h5")
    train_ids = [record["id"] for record in dataset.train_records(job.dataset)]
    test_ids = dataset.test_ids(job.dataset)
    count = len(recipe.test_time.views)
    progress = Progress("views", 2 * count)

    def mean(part: dataset.Part, chosen: np.ndarray) -> np.ndarray:
        total = None
        for number in range(count):
            scores = predict_rows(network, inputs.rows(part, number), chosen)
            total = scores if total is None else total + scores
            progress.at(number + 1 if part == "train" else count + number + 1)
        assert total is not None
        return total / np.float32(count)

    rows = np.flatnonzero(np.load(job.folds / "folds.npy") == job.fold)
    held_out = mean("train", rows)
    test = mean("test", np.arange(len(test_ids)))
    return Scores([train_ids[index] for index in rows], held_out), Scores(test_ids, test)
