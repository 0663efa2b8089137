"""Training in a child process: build a competition's model and fit it."""

import json
from collections.abc import Callable
from typing import Any

from tasks.core.errors import UserError
from tasks.core.execution import child_process
from tasks.core.execution.child_messages import send
from tasks.core.jobs import Job
from tasks.learning.estimators.fit import fit_estimator
from tasks.learning.training import out_of_memory, parts


def fit_job(job: Job, build: Callable[[Any], Any] | None) -> None:
    """Write `model.weights.h5` and `history.json`, a row for each epoch; resume from a checkpoint if killed.

    What else predictions need of the training records lies beside them (`Training.write`). Where a batch does
    not fit into memory, batches are computed in parts if the settings say so (`fit_memory`). An estimator is
    written as `tasks.learning.estimators.fit.fit_estimator` does.

    Args:
        build: (job) → `tasks.learning.training.loop.Training`, or an `EstimatorTraining` where the job has no
            network; None if the competition has none.
    """
    if build is None:
        raise ValueError(f"{job.competition}: expected a competition that pretrains networks")
    if not getattr(job, "network", True):
        fit_estimator(build(job), job.seed, job.output)
        return
    from tasks.learning.training.keras_setup import configure

    configure(job.seed)
    training = build(job)._replace(parts=parts.remembered(job.partial))
    if training.note:
        send(training.note)
    try:
        history = _fit(job, training)
    except Exception as error:
        if out_of_memory.is_out_of_memory(error) and training.size is not None:
            _out_of_memory(job, training, error)
        raise
    training.write(job.output)
    training.model.save_weights(job.output / "model.weights.h5")
    (job.output / "history.json").write_text(json.dumps(history, indent=1), "utf-8")


def _fit(job: Job, training: Any) -> list[dict[str, Any]]:
    from tasks.learning.training.loop import fit

    return fit(
        training,
        job.partial,
        checkpoint_seconds=job.checkpoint_seconds,
        workers=job.data_workers,
        report=send,
    )


def _out_of_memory(job: Job, training: Any, error: Exception) -> None:
    """Start anew with batches in twice as many parts, or say which size would fit.

    A new process has the whole memory, and no state that the failed step has left in between.

    Raises:
        UserError: batches may not be computed in parts, or already are in as many as is allowed.
    """
    size, model = training.size, training.model
    if size.fit and 2 * training.parts <= min(size.value, parts.MOST_PARTS):
        parts.remember(job.partial, 2 * training.parts)
        send(f"a batch does not fit into memory: starts anew with batches in {2 * training.parts} parts")
        child_process.restart()
    fixed = out_of_memory.bytes_of(model, getattr(model, "optimizer", None))
    memory = out_of_memory.memory_of_backend()
    text = out_of_memory.message(error, size, parts=training.parts, fixed=fixed, memory=memory)
    raise UserError(text) from error
