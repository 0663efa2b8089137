"""Scores of held-out or test images, averaged over test-time views."""

from collections.abc import Iterator

import numpy as np

from tasks.core.competition import Part, Scores
from tasks.core.jobs import PredictJob
from tasks.learning.classification.records import inputs
from tasks.learning.folds.rows import held_out_rows
from tasks.my_images import dataset
from tasks.my_images.config import Recipe
from tasks.my_images.network import build_network

PIECE = 4096
"""Images in memory at one time."""
PARTS: dict[str, Part] = {"held_out": "train", "test": "test"}


def predict(job: PredictJob) -> Iterator[Scores]:
    """Scores (n, 1, k) of the job's part, by the model of one fold, in pieces."""
    recipe, part = Recipe.model_validate(job.settings), PARTS[job.part]
    images, ids = inputs(job.dataset, part), dataset.ids(job.dataset, part)
    rows = held_out_rows(job) if job.part == "held_out" else np.arange(len(ids))
    network = build_network(
        recipe.network, size_pixels=images.shape[1], class_count=len(dataset.classes(job.dataset))
    )
    network.load_weights(job.models[0] / "model.weights.h5")
    for start in range(0, len(rows), PIECE):
        piece = rows[start : start + PIECE]
        batch = np.asarray(images[piece], np.float32)
        views = [batch if view == "identity" else batch[:, :, ::-1] for view in recipe.test_time.views]
        scores = np.mean([network.predict(view, batch_size=256, verbose=0)["main"] for view in views], axis=0)
        yield Scores([ids[row] for row in piece], scores[:, None].astype(np.float32))
