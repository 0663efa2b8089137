"""Steps a second of the training loop beside Keras's own `fit`: same network, same batches, in turns.

For each backend that is installed, in a process of its own, on one thread of the processor. `python -m
tests.benchmarks.bench_loop [BACKEND…]`. Steps a second are those of a way's fastest round, with their ratio
to the faster `fit`; beside other work the ratio by processor time, a median over rounds, says more.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tasks.core.backends import DISTRIBUTIONS, backend

ROUNDS, PREPARED = 9, 8
FITS = ("fit, generator", "fit, arrays")
STEPS = {"tiny": 400, "small": 120, "middling": 12}
"""Steps of a round by size of the network."""


def tiny() -> tuple[Any, dict[str, np.ndarray], np.ndarray]:
    """A dense layer: nearly all of a step is overhead."""
    import keras

    inputs = keras.Input((16,), name="x")
    hidden = keras.layers.Dense(32, activation="relu")(inputs)
    return _classifier({"x": inputs}, hidden), {"x": _drawn(16, 16)}, _labels(16)


def small() -> tuple[Any, dict[str, np.ndarray], np.ndarray]:
    """Convolutions over 48 characters, as in the demos."""
    import keras

    tokens = keras.Input((48,), dtype="int32", name="tokens")
    hidden = keras.layers.Embedding(2000, 48)(tokens)
    for dilation in (1, 2):
        hidden = keras.layers.Conv1D(48, 3, padding="same", dilation_rate=dilation, activation="relu")(hidden)
        hidden = keras.layers.Dropout(0.1)(hidden)
    pooled = keras.layers.GlobalMaxPooling1D()(hidden)
    drawn = np.random.default_rng(0).integers(0, 2000, (PREPARED * 16, 48)).astype(np.int32)
    return _classifier({"tokens": tokens}, pooled), {"tokens": drawn}, _labels(16)


def middling() -> tuple[Any, dict[str, np.ndarray], np.ndarray]:
    """Two layers of self-attention over 64 positions of 128 channels."""
    import keras

    inputs = hidden = keras.Input((64, 128), name="x")
    for _ in range(2):
        attended = keras.layers.MultiHeadAttention(4, 32)(hidden, hidden)
        hidden = keras.layers.LayerNormalization()(hidden + attended)
        wide = keras.layers.Dense(512, activation="gelu")(hidden)
        hidden = keras.layers.LayerNormalization()(hidden + keras.layers.Dense(128)(wide))
    pooled = keras.layers.GlobalAveragePooling1D()(hidden)
    return _classifier({"x": inputs}, pooled), {"x": _drawn(16, 64, 128)}, _labels(16)


NETWORKS = {"tiny": tiny, "small": small, "middling": middling}


def _classifier(inputs: dict[str, Any], hidden: Any) -> Any:
    import keras

    return keras.Model(inputs, {"main": keras.layers.Dense(4, activation="softmax", name="main")(hidden)})


def _drawn(batch: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(PREPARED * batch, *shape)).astype(np.float32)


def _labels(batch: int) -> np.ndarray:
    return np.eye(4, dtype=np.float32)[np.random.default_rng(1).integers(0, 4, PREPARED * batch)]


class Ways:
    """The same network trained in several ways, each on a copy of its own; a call takes some steps."""

    def __init__(self, name: str) -> None:
        self._make, self._steps = NETWORKS[name], STEPS[name]
        _, inputs, labels = self._make()
        size = len(labels) // PREPARED
        parts = [slice(size * number, size * (number + 1)) for number in range(PREPARED)]
        self._batches = [
            ({key: value[part] for key, value in inputs.items()}, labels[part]) for part in parts
        ]
        repeats = -(-self._steps // PREPARED)
        rows = np.tile(np.arange(len(labels)), repeats)[: self._steps * size]
        self._arrays = {key: value[rows] for key, value in inputs.items()}, {"main": labels[rows]}
        self._size = size

    def all(self) -> dict[str, Callable[[], None]]:
        """Each way by name."""
        return {
            "loop": self._loop(),
            "fit, generator": self._fit_generator(),
            "fit, arrays": self._fit_arrays(),
            "train_on_batch": self._train_on_batch(),
        }

    def _compiled(self) -> Any:
        from tasks.core.config import Stage
        from tasks.learning.training.keras_setup import jit
        from tasks.learning.training.optimizers import make_optimizer

        model = self._make()[0]
        optimizer = make_optimizer(Stage(), steps_per_epoch=1000, factors={}, ema=0.0)
        optimizer.build(model.trainable_variables)
        model.compile(
            optimizer,
            {"main": "categorical_crossentropy"},
            loss_weights={"main": 1.0},
            weighted_metrics={"main": "accuracy"},
            jit_compile=jit(),
        )
        return model

    def _loop(self) -> Callable[[], None]:
        from tasks.core.config import Stage
        from tasks.learning.training import loop
        from tasks.learning.training.batch_shapes import ShapeReport
        from tasks.learning.training.best_epoch import BestEpoch
        from tasks.learning.training.checkpoints import Position
        from tasks.learning.training.train_step import TrainStep

        model, folder = self._compiled(), Path(tempfile.mkdtemp())
        step = TrainStep(model)
        training = loop.Training(
            model=model,
            stages=(Stage(epochs=1),),
            losses={"main": "categorical_crossentropy"},
            loss_weights={"main": 1.0},
            batch=lambda stage, epoch, number: loop.Batch(
                self._batches[number % PREPARED][0], {"main": self._batches[number % PREPARED][1]}
            ),
            steps_per_epoch=self._steps,
            metric="main",
            make_step=lambda model, sums: step,
        )
        writer = loop._CheckpointWriter(folder, 1e9, model, model.optimizer, BestEpoch(training.stages))
        shapes = ShapeReport(lambda line: None)

        def run() -> None:
            quiet: Callable[[Any], None] = lambda message: None  # noqa: E731
            loop._run_stage(training, Position(), writer, workers=1, report=quiet, shapes=shapes)

        return run

    def _fit_generator(self) -> Callable[[], None]:
        model = self._compiled()

        def batches() -> Any:
            while True:
                yield from ((inputs, {"main": labels}) for inputs, labels in self._batches)

        return lambda: _ignore(model.fit(batches(), steps_per_epoch=self._steps, verbose=0))

    def _fit_arrays(self) -> Callable[[], None]:
        model = self._compiled()
        return lambda: _ignore(model.fit(*self._arrays, batch_size=self._size, shuffle=False, verbose=0))

    def _train_on_batch(self) -> Callable[[], None]:
        model = self._compiled()

        def run() -> None:
            for number in range(self._steps):
                inputs, labels = self._batches[number % PREPARED]
                float(model.train_on_batch(inputs, {"main": labels}, return_dict=True)["loss"])

        return run


def _ignore(result: Any) -> None:
    """Drop what a way returns."""


def measure(name: str) -> None:
    """Print a line for each way of training this network."""
    steps, ways = STEPS[name], Ways(name).all()
    for run in ways.values():
        run()  # compiles
    wall: dict[str, list[float]] = {way: [] for way in ways}
    used: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            began, worked = time.perf_counter(), time.process_time()
            run()
            wall[way].append(time.perf_counter() - began)
            used[way].append(time.process_time() - worked)
    for way in ways:
        fastest = min(min(wall[fit]) for fit in FITS) / min(wall[way])
        print(
            f"{backend():10} {name:8} {way:15} {steps / min(wall[way]):8.1f} steps/s  "
            f"{fastest:.2f} of fit, {_ratio(used, way):.2f} by processor time",
            flush=True,
        )


def _ratio(seconds: dict[str, list[float]], way: str) -> float:
    """The median over the rounds of the time of the faster `fit` in units of this way's."""
    fits = [min(pair) for pair in zip(*(seconds[fit] for fit in FITS), strict=True)]
    return median(fit / own for fit, own in zip(fits, seconds[way], strict=True))


def main() -> None:
    """Measure each backend named, or each that is installed."""
    names = sys.argv[1:] or [name for name in DISTRIBUTIONS if importlib.util.find_spec(name)]
    for name in names:
        environment = {**os.environ, "KERAS_BACKEND": name, "CUDA_VISIBLE_DEVICES": "-1"}
        command = [sys.executable, "-c", "from tests.benchmarks.bench_loop import child; child()"]
        subprocess.run(command, env={**environment, "TF_CPP_MIN_LOG_LEVEL": "2"}, check=True)


def child() -> None:
    """Measure the backend of this process."""
    from tasks.learning.training.keras_setup import configure

    configure(0)
    for name in NETWORKS:
        measure(name)


if __name__ == "__main__":
    main()
