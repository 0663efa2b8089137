"""Fit a model through its stages, so that a kill at any moment costs one checkpoint interval.

The batch of a step is a pure function of (stage, epoch, step): the position in the data is a number, and
a resumed training sees what an uninterrupted one would have seen. With every variable of model and
optimizer restored, states of random generators included, both end in the same bytes on a processor.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.config import Stage
from tasks.core.execution.messages import EpochProgress
from tasks.learning.training import checkpoints
from tasks.learning.training.batches import prefetch
from tasks.learning.training.checkpoints import Position
from tasks.learning.training.dynamic_shapes import open_shapes
from tasks.learning.training.keras_setup import jit
from tasks.learning.training.optimizers import hand_on, make_optimizer

PREFETCHED = 4
NO_FIGURES = ("stage", "epoch", "learning_rate")
"""Fields of a history row that are not among the figures of a reported epoch."""


class Batch(NamedTuple):
    """What one step learns from; inputs and targets as the model takes them."""

    inputs: Any
    targets: Any
    weights: np.ndarray | None = None
    """(b,) float32 weights of the records, or None."""


class Training(NamedTuple):
    """A model and everything that decides how it is fitted."""

    model: Any
    """A Keras model; its output names are the keys of `losses`."""
    stages: tuple[Stage, ...]
    losses: dict[str, Any]
    loss_weights: dict[str, float]
    metric: str | None
    """The output whose accuracy is followed, if any."""
    batch: Callable[[Stage, int, int], Batch]
    """(stage, epoch over all stages, step of the epoch): pure, called from threads."""
    steps_per_epoch: int
    select: Callable[[Any, Stage], dict[str, float]]
    """(model, stage): set what learns; returns factors on the learning rate by variable path."""
    evaluate: Callable[[Any], dict[str, float]]
    """(model): figures on the held-out records after an epoch."""
    ema: float = 0.0


def fit(
    training: Training,
    partial: Path,
    *,
    checkpoint_seconds: float,
    workers: int,
    report: Callable[[str | EpochProgress], None],
) -> list[dict[str, Any]]:
    """Run all stages, going on from the newest checkpoint in `partial`; returns a row for each epoch.

    The rows hold stage, epoch, loss, learning_rate, accuracy if one is followed, and what `evaluate` gives.
    `report` is called with each epoch, and first with a line of text if the training resumes.
    """
    found = checkpoints.newest(partial)
    position = found.position if found else Position()
    if found:
        found.restore_model(training.model)
        report(f"resumes at stage {position.stage + 1}, step {position.step}")
    optimizer = None
    for index in range(position.stage, len(training.stages)):
        stage = training.stages[index]
        optimizer = _prepare(training, stage, optimizer)
        if found and index == found.position.stage:
            found.restore_optimizer(optimizer)
        keeper = _Keeper(partial, checkpoint_seconds, training.model, optimizer)
        position = _run_stage(training, position, keeper, workers=workers, report=report)
        if training.ema or stage.lookahead_steps:
            optimizer.finalize_variable_values(training.model.trainable_variables)
        position = Position(stage=index + 1, history=position.history)
    return list(position.history)


def _prepare(training: Training, stage: Stage, previous: Any) -> Any:
    """Compile the model for a stage; the optimizer is fresh unless the stage keeps the previous one."""
    factors = training.select(training.model, stage)
    optimizer = make_optimizer(
        stage, steps_per_epoch=training.steps_per_epoch, factors=factors, ema=training.ema
    )
    optimizer.build(training.model.trainable_variables)
    if stage.keep_optimizer and previous is not None:
        hand_on(previous, optimizer)
    training.model.compile(
        optimizer=optimizer,
        loss=training.losses,
        loss_weights=training.loss_weights,
        weighted_metrics={training.metric: "accuracy"} if training.metric else None,
        jit_compile=jit(),
    )
    return optimizer


class _Keeper:
    """Writes a checkpoint when the last one is old enough."""

    def __init__(self, folder: Path, seconds: float, model: Any, optimizer: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seconds = folder, seconds
        self._model, self.optimizer = model, optimizer
        self._last = time.monotonic()

    def offer(self, position: Position) -> None:
        if time.monotonic() - self._last >= self._seconds:
            checkpoints.save(self._folder, position, self._model, self.optimizer)
            self._last = time.monotonic()


def _run_stage(
    training: Training,
    position: Position,
    keeper: _Keeper,
    *,
    workers: int,
    report: Callable[[str | EpochProgress], None],
) -> Position:
    stage, per_epoch = training.stages[position.stage], training.steps_per_epoch
    before = sum(earlier.epochs for earlier in training.stages[: position.stage])
    steps = range(position.step, stage.epochs * per_epoch)

    def make(step: int) -> Batch:
        return training.batch(stage, before + step // per_epoch, step % per_epoch)

    began = time.monotonic()
    with closing(prefetch(make, steps, workers=workers, depth=PREFETCHED)) as batches:
        for step, batch in zip(steps, batches, strict=True):
            position = _take(training, position, batch)
            if (step + 1) % per_epoch == 0:
                position = _end_epoch(training, position, keeper.optimizer, began, report)
                began = time.monotonic()
            keeper.offer(position)
    return position


def _take(training: Training, position: Position, batch: Batch) -> Position:
    """One step; losses are summed here, so that Keras's running means need no saving."""
    training.model.reset_metrics()
    if training.model.train_function is None:
        open_shapes(training.model, batch.inputs, batch.targets, _by_output(training, batch))
    figures = training.model.train_on_batch(
        batch.inputs, batch.targets, sample_weight=_by_output(training, batch), return_dict=True
    )
    return position._replace(
        step=position.step + 1,
        loss_sum=position.loss_sum + float(figures["loss"]),
        accuracy_sum=position.accuracy_sum + (float(_accuracy(figures)) if training.metric else 0.0),
    )


def _by_output(training: Training, batch: Batch) -> Any:
    if batch.weights is None:
        return None
    return dict.fromkeys(training.losses, batch.weights)


def _accuracy(figures: dict[str, Any]) -> Any:
    return next(value for name, value in figures.items() if name.endswith("accuracy"))


def _end_epoch(
    training: Training,
    position: Position,
    optimizer: Any,
    began: float,
    report: Callable[[str | EpochProgress], None],
) -> Position:
    steps, epoch = training.steps_per_epoch, len(position.history) + 1
    with averaged(training, optimizer):
        held_out = training.evaluate(training.model)
    row = {
        "stage": position.stage + 1,
        "epoch": epoch,
        "loss": position.loss_sum / steps,
        **({"accuracy": position.accuracy_sum / steps} if training.metric else {}),
        **held_out,
        "learning_rate": float(optimizer.learning_rate),
    }
    seconds = max(time.monotonic() - began, 1e-9)  # reported, not stored: equal keys give equal bytes
    total = sum(stage.epochs for stage in training.stages)
    figures = {name: value for name, value in row.items() if name not in NO_FIGURES}
    seconds_left = (total - epoch) * seconds
    report(EpochProgress(epoch, total, figures, steps / seconds, "steps", seconds_left))
    return position._replace(loss_sum=0.0, accuracy_sum=0.0, history=(*position.history, row))


@contextmanager
def averaged(training: Training, optimizer: Any) -> Iterator[None]:
    """The model with its averaged or slow weights inside the block, its own weights after it."""
    if not training.ema and not getattr(optimizer, "lookahead_steps", 0):
        yield
        return
    variables = training.model.trainable_variables
    own = [np.array(variable) for variable in variables]
    optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, own, strict=True):
            variable.assign(value)
