"""Training in a child process: build a competition's model and fit it."""

import json
from collections.abc import Callable
from typing import Any

from tasks.core.execution.child_messages import send
from tasks.core.jobs import Job


def fit_job(job: Job, build: Callable[[Any], Any] | None) -> None:
    """Write `model.weights.h5` and `history.json`, a row for each epoch; resume from a checkpoint if killed.

    What else predictions need of the training records lies beside them (`Training.write`).

    Args:
        build: (job) → `tasks.learning.training.loop.Training`; None if the competition has none.
    """
    from tasks.learning.training.keras_setup import configure
    from tasks.learning.training.loop import fit

    if build is None:
        raise ValueError(f"{job.competition}: expected a competition that pretrains networks")
    configure(job.seed)
    training = build(job)
    if training.note:
        send(training.note)
    history = fit(
        training,
        job.partial,
        checkpoint_seconds=job.checkpoint_seconds,
        workers=job.data_workers,
        report=send,
    )
    training.write(job.output)
    training.model.save_weights(job.output / "model.weights.h5")
    (job.output / "history.json").write_text(json.dumps(history, indent=1), "utf-8")
