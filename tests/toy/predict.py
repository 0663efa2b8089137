"""Scores of the trained layer."""

from collections.abc import Iterator

import numpy as np

from tasks.core.competition import Scores
from tasks.core.jobs import PredictJob
from tasks.toy import dataset as files
from tasks.toy.training import build


def predict(job: PredictJob) -> Iterator[tuple[str, Scores]]:
    model = build(job.model_copy(update={"views": (job.inputs["identity"],)})).model
    model.load_weights(job.models[0] / "model.weights.h5")
    held_out = np.flatnonzero(np.load(job.folds / "folds.npy") == job.fold)
    train, test = (np.load(job.inputs["identity"] / f"{part}.npy") for part in ("train", "test"))
    ids = [files.fold_key(job.dataset).ids[index] for index in held_out]
    scores = [np.asarray(model.predict_on_batch(each)["main"])[:, None] for each in (train[held_out], test)]
    yield "held_out", Scores(ids, scores[0])
    yield "test", Scores(files.ids(job.dataset, "test"), scores[1])
