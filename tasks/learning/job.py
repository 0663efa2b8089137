"""Fit what a competition builds of a job; what the child processes of trainings do."""

import json
from typing import Any

from tasks.core.competition import find
from tasks.core.process import tell
from tasks.core.work import read_job


def fit_job(job: dict[str, Any]) -> None:
    """Write `model.weights.h5` and `history.json`, a row for each epoch; resumes where it was killed."""
    from tasks.learning.devices import configure
    from tasks.learning.fitting import fit

    read = read_job(job)
    configure(read.seed)
    training = find(read.competition).build(read)
    history = fit(
        training,
        read.partial,
        checkpoint_seconds=read.checkpoint_seconds,
        workers=read.data_workers,
        tell=tell,
    )
    training.model.save_weights(read.output / "model.weights.h5")
    (read.output / "history.json").write_text(json.dumps(history, indent=1), "utf-8")
