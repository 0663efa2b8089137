"""Fit what a competition builds of a job; what the child processes of trainings do."""

import json
from typing import Any

from tasks.core.competition import find
from tasks.core.dispatch import read_job
from tasks.core.execution.messages import send


def fit_job(job: dict[str, Any]) -> None:
    """Write `model.weights.h5` and `history.json`, a row for each epoch; resumes where it was killed."""
    from tasks.learning.training.keras_setup import configure
    from tasks.learning.training.loop import fit

    read = read_job(job)
    configure(read.seed)
    training = find(read.competition).build(read)
    history = fit(
        training,
        read.partial,
        checkpoint_seconds=read.checkpoint_seconds,
        workers=read.data_workers,
        report=send,
    )
    training.model.save_weights(read.output / "model.weights.h5")
    (read.output / "history.json").write_text(json.dumps(history, indent=1), "utf-8")
