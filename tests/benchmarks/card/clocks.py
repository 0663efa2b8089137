"""Rates of the project's loop, of its loader and of Keras's `fit`, within a given time each."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from tasks.learning.training.loop import Batch, Training, fit


class Rate(NamedTuple):
    """What was measured."""

    first_seconds: float
    """Until the end of the first epoch, in which the network is compiled."""
    step_seconds: float | None
    """Of a step after that; None if the time was over before."""
    steps: int
    """Of an epoch."""

    @property
    def compile_seconds(self) -> float | None:
        """How much longer the first epoch took than its steps do."""
        return None if self.step_seconds is None else self.first_seconds - self.steps * self.step_seconds


class _Enough(Exception):
    """The time is over."""


class _Epochs:
    """Notes when epochs end."""

    def __init__(self, steps: int, seconds: float) -> None:
        self.steps, self.seconds = steps, seconds
        self.began, self.ends = time.perf_counter(), list[float]()

    def end(self) -> bool:
        """Note the end of an epoch; returns whether the time is over, and at least one epoch was timed."""
        self.ends.append(time.perf_counter())
        return len(self.ends) > 2 and self.ends[-1] - self.began > self.seconds

    def rate(self) -> Rate:
        # the second epoch is left out where it can be: the first one's last steps may still run in it
        start = 1 if len(self.ends) > 2 else 0
        steps = self.steps * (len(self.ends) - 1 - start)
        step = (self.ends[-1] - self.ends[start]) / steps if steps else None
        return Rate(self.ends[0] - self.began, step, self.steps)


def of_loop(training: Training, folder: Path, *, seconds: float, workers: int) -> Rate:
    """The project's own loop."""
    epochs = _Epochs(training.steps_per_epoch, seconds)

    def report(message: Any) -> None:
        if not isinstance(message, str) and epochs.end():
            raise _Enough

    with suppress(_Enough):
        fit(training, folder, checkpoint_seconds=1e9, workers=workers, report=report)
    return epochs.rate()


def of_fit(training: Training, batch: Batch, *, seconds: float) -> Rate:
    """Keras's `fit` on the same batch again and again, with Keras's optimizer."""
    import keras

    from tasks.learning.training.keras_setup import jit

    epochs = _Epochs(training.steps_per_epoch, seconds)

    class Same(keras.utils.PyDataset):
        def __len__(self) -> int:
            return training.steps_per_epoch

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return batch.inputs, batch.targets

    class Ends(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epochs.end()

    model = training.model
    model.compile(
        keras.optimizers.AdamW(1e-4), training.losses, weighted_metrics=["accuracy"], jit_compile=jit()
    )
    model.fit(Same(), epochs=100_000, callbacks=[Ends()], verbose=0)
    return epochs.rate()


def of_loader(batches: Iterator[Batch], *, ahead: int, seconds: float) -> float:
    """Batches a second; the first ones, of which `ahead` may be made before they are wanted, do not count."""
    for _ in range(2 * ahead):
        next(batches)
    began, count = time.perf_counter(), 0
    while count < ahead or time.perf_counter() - began < seconds:
        next(batches)
        count += 1
    return count / (time.perf_counter() - began)
