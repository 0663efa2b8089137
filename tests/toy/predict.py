"""Scores of the trained layer."""

from collections.abc import Iterator

import numpy as np

from tasks.core.competition import Scores
from tasks.core.jobs import PredictJob
from tasks.learning.folds.rows import held_out_rows
from tasks.toy import dataset as files
from tasks.toy.training import network


def predict(job: PredictJob) -> Iterator[Scores]:
    model = network()
    model.load_weights(job.models[0] / "model.weights.h5")
    part = "train" if job.part == "held_out" else job.part
    ids = list(files.records(job.dataset, part))
    rows = held_out_rows(job) if job.part == "held_out" else np.arange(len(ids))
    places = np.load(job.inputs["identity"] / f"{part}.npy")
    scores = np.asarray(model.predict_on_batch(places[rows])["main"])
    yield Scores([ids[row] for row in rows], scores[:, None])
