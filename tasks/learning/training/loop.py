"""Training loop over the stages of a model, with checkpoints from which it resumes after a kill.

The batch of a step is a pure function of (stage, epoch, step), so the position in the data is a number, and a
resumed training gets the batches that an uninterrupted one would have got. All variables of model and
optimizer are restored, with the states of random generators: on a processor both end in the same bytes.
"""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tasks.core.config import Stage
from tasks.core.execution.child_messages import EpochProgress
from tasks.learning.loading.loader import Source, made_ahead
from tasks.learning.training import checkpoints
from tasks.learning.training.batch_shapes import ShapeReport
from tasks.learning.training.best_epoch import BestEpoch, is_over
from tasks.learning.training.checkpoints import Position
from tasks.learning.training.divergence import DivergenceWatch
from tasks.learning.training.keras_setup import jit, on_card
from tasks.learning.training.optimizers import make_optimizer, transfer_state
from tasks.learning.training.out_of_memory import Size
from tasks.learning.training.parts import split
from tasks.learning.training.train_step import TrainStep

NO_FIGURES = ("stage", "epoch", "learning_rate")
"""Fields of a history row that are not among the figures of a reported epoch."""


class Batch(NamedTuple):
    """The batch of one step; inputs and targets as the model takes them."""

    inputs: Any
    targets: Any
    weights: np.ndarray | None = None
    """(b,) float32 weights of the records, or None."""


class Training(NamedTuple):
    """A model and everything that determines its training."""

    model: Any
    """A Keras model; its output names are the keys of `losses`."""
    stages: tuple[Stage, ...]
    losses: dict[str, Any]
    loss_weights: dict[str, float]
    batch: Callable[[Stage, int, int], Batch]
    """(stage, epoch over all stages, step of the epoch): pure, called from threads."""
    steps_per_epoch: int
    source: Source | None = None
    """The same batches for worker processes, of (number of the stage, epoch, step); None where threads do."""
    metric: str | None = None
    """The output whose accuracy is measured; None for none."""
    select: Callable[[Any, Stage], dict[str, float]] = lambda model, stage: {}
    """(model, stage): set which layers are trainable; return learning-rate factors by variable path."""
    evaluate: Callable[[Any], dict[str, float]] = lambda model: {}
    """(model): return figures of the held-out records after an epoch."""
    ema: float = 0.0
    size: Size | None = None
    """The setting of the size of batches, for what follows when memory runs out."""
    parts: int = 1
    """Parts in which each batch is computed; a step of the loop is one of them."""
    write: Callable[[Path], None] = lambda folder: None
    """(folder): write beside the weights what predictions need of the training records."""
    make_step: Callable[[Any, tuple[float, float]], TrainStep] = TrainStep
    """(model, sums so far): what takes the steps of a stage."""
    note: str = ""
    """A line for the log, before the first epoch."""


def fit(
    training: Training,
    partial: Path,
    *,
    checkpoint_seconds: float,
    workers: int,
    report: Callable[[str | EpochProgress], None],
) -> list[dict[str, Any]]:
    """Train all stages, from the newest checkpoint in `partial` if there is one; return a row for each epoch.

    A row has stage, epoch, loss, learning_rate, accuracy if one is measured, and the figures of `evaluate`.
    `report` is called with each epoch, with a line of text first if the training resumes, and with the number
    of shapes of batches after the first epoch and at the end.
    """
    checkpoint = checkpoints.newest(partial)
    position = checkpoint.position if checkpoint else Position()
    if checkpoint:
        checkpoint.restore_model(training.model)
        report(f"resumes at stage {position.stage + 1}, step {position.step}")
    optimizer, shapes = None, ShapeReport(report)
    best = BestEpoch(training.stages, checkpoint.best if checkpoint else ())
    for index in range(position.stage, len(training.stages)):
        stage = training.stages[index]
        optimizer = _prepare(training, stage, optimizer)
        if checkpoint and index == checkpoint.position.stage:
            checkpoint.restore_optimizer(optimizer)
        writer = _CheckpointWriter(partial, checkpoint_seconds, training.model, optimizer, best)
        position = _run_stage(training, position, writer, workers=workers, report=report, shapes=shapes)
        if training.ema or stage.lookahead_steps:
            _take_averages(optimizer, training.model.trainable_variables)
        if stage.keep_best:
            report(best.restore(training.model, position.history, index))
        position = Position(stage=index + 1, history=position.history)
    shapes.at_end()
    return list(position.history)


def _prepare(training: Training, stage: Stage, previous: Any) -> Any:
    """Compile the model for a stage with a new optimizer, or one that continues the previous one's state."""
    factors = training.select(training.model, stage)
    optimizer = make_optimizer(
        stage,
        steps_per_epoch=training.steps_per_epoch,
        factors=factors,
        ema=training.ema,
        parts=training.parts,
    )
    optimizer.build(training.model.trainable_variables)
    if stage.keep_optimizer and previous is not None:
        transfer_state(previous, optimizer)
    training.model.compile(
        optimizer=optimizer,
        loss=training.losses,
        loss_weights=training.loss_weights,
        weighted_metrics={training.metric: "accuracy"} if training.metric else None,
        jit_compile=jit(),
    )
    return optimizer


class _CheckpointWriter:
    """Writes a checkpoint when the last one is older than `seconds`."""

    def __init__(self, folder: Path, seconds: float, model: Any, optimizer: Any, best: BestEpoch) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seconds = folder, seconds
        self._model, self.optimizer, self.best = model, optimizer, best
        self._last = time.monotonic()

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._last >= self._seconds

    def save_if_due(self, position: Position, take_step: TrainStep) -> None:
        if self.is_due:
            take_step.synchronise()
            loss_sum, accuracy_sum = take_step.read_sums()
            position = position._replace(loss_sum=loss_sum, accuracy_sum=accuracy_sum)
            best = self.best.weights
            checkpoints.save(self._folder, position, self._model, self.optimizer, best=best)
            self._last = time.monotonic()


def _run_stage(
    training: Training,
    position: Position,
    writer: _CheckpointWriter,
    *,
    workers: int,
    report: Callable[[str | EpochProgress], None],
    shapes: ShapeReport,
) -> Position:
    stage, per_epoch = training.stages[position.stage], training.steps_per_epoch * training.parts
    before = sum(earlier.epochs for earlier in training.stages[: position.stage])
    ended = is_over(position.history, stage, position.stage)
    steps = range(position.step, position.step if ended else stage.epochs * per_epoch)

    take_step = training.make_step(training.model, (position.loss_sum, position.accuracy_sum))
    watch = DivergenceWatch(stage, before, per_epoch)
    began = time.monotonic()
    with closing(_batches(training, position.stage, before, steps, workers=workers)) as batches:
        for step, batch in zip(steps, batches, strict=True):
            weights = None if batch.weights is None else dict.fromkeys(training.losses, batch.weights)
            take_step(batch.inputs, batch.targets, weights)
            position = position._replace(step=step + 1)
            if watch.is_due or writer.is_due or (step + 1) % per_epoch == 0:
                watch.look(take_step.read_sums()[0], step + 1)
            if (step + 1) % per_epoch == 0:
                position = _end_epoch(training, position, take_step, writer, began, report)
                watch.look_at_figures(position.history[-1], len(position.history))
                watch.look_at_losses(position.history)
                shapes.after_epoch(take_step.shapes)
                began = time.monotonic()
            writer.save_if_due(position, take_step)
            if (step + 1) % per_epoch == 0 and is_over(position.history, stage, position.stage):
                report(f"stage {position.stage + 1} ends: {stage.patience} epochs brought nothing better")
                break
    watch.look_at_weights(training.model, len(position.history))
    return position


def _batches(
    training: Training, stage: int, before: int, steps: range, *, workers: int
) -> Generator[Batch, None, None]:
    """Batches of the steps of a stage, made ahead, or their parts; `before` epochs were in earlier stages."""
    per_epoch, parts = training.steps_per_epoch, training.parts

    def make(stage: int, epoch: int, step: int) -> Batch:
        return training.batch(training.stages[stage], epoch, step)

    whole = range(steps.start // parts, steps.stop // parts)
    places = ((stage, before + step // per_epoch, step % per_epoch) for step in whole)
    source = training.source
    with closing(made_ahead(make, places, source=source, workers=workers, processes=on_card())) as batches:
        pieces = (Batch(*part) for batch in batches for part in split(*batch, parts))
        yield from islice(pieces, steps.start % parts, None)


def _end_epoch(
    training: Training,
    position: Position,
    take_step: TrainStep,
    writer: _CheckpointWriter,
    began: float,
    report: Callable[[str | EpochProgress], None],
) -> Position:
    steps, epoch = training.steps_per_epoch * training.parts, len(position.history) + 1
    take_step.synchronise()
    loss_sum, accuracy_sum = take_step.read_sums()
    take_step.reset_sums()
    with averaged(training, writer.optimizer):
        held_out = training.evaluate(training.model)
        row = {
            "stage": position.stage + 1,
            "epoch": epoch,
            "loss": loss_sum / steps,
            **({"accuracy": accuracy_sum / steps} if training.metric else {}),
            **held_out,
            "learning_rate": float(writer.optimizer.learning_rate),
        }
        history = (*position.history, row)
        writer.best.after_epoch(training.model, history, position.stage)
    seconds = max(time.monotonic() - began, 1e-9)  # reported, not stored: equal keys give equal bytes
    total = sum(stage.epochs for stage in training.stages)
    figures = {name: value for name, value in row.items() if name not in NO_FIGURES}
    seconds_left = (total - epoch) * seconds
    report(EpochProgress(epoch, total, figures, steps / seconds, "steps", seconds_left))
    return position._replace(loss_sum=0.0, accuracy_sum=0.0, history=history)


@contextmanager
def averaged(training: Training, optimizer: Any) -> Iterator[None]:
    """Give the model its averaged or slow weights inside the block, and restore its weights after it."""
    from keras import ops

    if not training.ema and not getattr(optimizer, "lookahead_steps", 0):
        yield
        return
    variables = training.model.trainable_variables
    # a copy: PyTorch's array would share the memory of the variable
    weights = [np.array(ops.convert_to_numpy(variable)) for variable in variables]
    _take_averages(optimizer, variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(value)


def _take_averages(optimizer: Any, variables: list[Any]) -> None:
    """Set the variables to copies of their averaged or slow weights.

    Under JAX they would share memory with them, which every training step and prediction gives away.
    """
    from keras import ops

    optimizer.finalize_variable_values(variables)
    for variable in variables:
        variable.assign(ops.copy(variable))
