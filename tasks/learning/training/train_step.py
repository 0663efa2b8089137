"""Keras's own training step, taken without waiting for the device.

Keras's `train_on_batch` reads the losses back after every step, and under JAX it also hands all state back to
the variables. Here losses are summed on the device, and state stays where the steps leave it, until the loop
asks for one or the other: at the end of an epoch and for a checkpoint.
"""

from typing import Any, Protocol

import numpy as np

from tasks.core.backends import backend
from tasks.learning.training.batch_shapes import Shapes
from tasks.learning.training.dynamic_shapes import open_signature
from tasks.learning.training.keras_setup import on_card


class TrainStep:
    """Takes the training steps of a compiled model, one call each, and sums its loss and accuracy.

    Call `synchronise` before anything else reads or writes variables of the model or the optimizer. The step
    is compiled for each shape of a batch at its first, under TensorFlow as `open_signature` says.
    """

    def __init__(self, model: Any, sums: tuple[float, float] = (0.0, 0.0)) -> None:
        """Begin with these sums of the losses and accuracies of the epoch so far."""
        self.shapes: set[Shapes] = set()
        """Shapes of the batches so far."""
        self._model, self._start = model, np.array(sums, np.float32)
        self._backend: _Backend | None = None

    def __call__(self, inputs: Any, targets: Any, weights: dict[str, Any] | None = None) -> None:
        """Train on a batch; `weights` are those of its records, by output."""
        import keras

        data = (inputs, targets) if weights is None else (inputs, targets, weights)
        self.shapes.add(tuple(array.shape for array in keras.tree.flatten(data)))
        if self._backend is None:
            # makes the variables of losses and metrics; else TensorFlow would trace the first step twice
            self._model._symbolic_build(data_batch=data)
            self._backend = _BACKENDS[backend()](self._model, data, self._start)
        self._backend.take(data)

    def read_sums(self) -> tuple[float, float]:
        """Return the sums of losses and accuracies since the last `reset`; waits for all steps taken."""
        loss, accuracy = self._backend.sums() if self._backend else self._start
        return float(loss), float(accuracy)

    def reset_sums(self) -> None:
        """Let the sums begin anew."""
        if self._backend:
            self._backend.reset()
        self._start = np.zeros(2, np.float32)

    def synchronise(self) -> None:
        """Give all variables of model and optimizer their current values."""
        if self._backend:
            self._backend.synchronise()


class _Backend(Protocol):
    """A compiled step."""

    def __init__(self, model: Any, data: Any, start: np.ndarray) -> None: ...

    def take(self, data: Any) -> None: ...

    def sums(self) -> np.ndarray:
        """(2,) float32."""

    def reset(self) -> None: ...

    def synchronise(self) -> None: ...


class _TensorFlowStep:
    def __init__(self, model: Any, data: Any, start: np.ndarray) -> None:
        import keras
        import tensorflow as tf

        self._flatten, self._sums = keras.tree.flatten, tf.Variable(start)

        def step(*arrays: Any) -> None:
            model.reset_metrics()
            logs = model.train_step(keras.tree.pack_sequence_as(data, arrays))
            self._sums.assign_add(_figures(logs))

        signature = open_signature(model, data)
        self._step = tf.function(step, signature, autograph=False, jit_compile=model.jit_compile)

    def take(self, data: Any) -> None:
        self._step(*self._flatten(data))

    def sums(self) -> np.ndarray:
        return np.array(self._sums)

    def reset(self) -> None:
        self._sums.assign([0.0, 0.0])

    def synchronise(self) -> None:
        """Steps have changed the variables themselves."""


class _JaxStep:
    def __init__(self, model: Any, data: Any, start: np.ndarray) -> None:
        import jax

        model.reset_metrics()
        fresh = [np.array(variable.value) for variable in model.metrics_variables]

        def step(state: Any, sums: Any, data: Any) -> Any:
            logs, (*new, _) = model.train_step((*state, fresh), data)
            return new, sums + _figures(logs)

        self._step = jax.jit(step, donate_argnums=(0, 1))
        self._variables = [
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
        ]
        self._state: list[list[Any]] | None = None
        self._sums = jax.numpy.array(start)

    def take(self, data: Any) -> None:
        # a step takes the memory of the state: until `synchronise`, the variables have lost their values
        state = self._state or [[variable.value for variable in group] for group in self._variables]
        self._state, self._sums = self._step(state, self._sums, data)

    def sums(self) -> np.ndarray:
        return np.array(self._sums)

    def reset(self) -> None:
        import jax

        self._sums = jax.numpy.zeros_like(self._sums)

    def synchronise(self) -> None:
        if self._state is None:
            return
        for group, values in zip(self._variables, self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        self._state = None


class _TorchStep:
    def __init__(self, model: Any, data: Any, start: np.ndarray) -> None:
        from keras import ops

        self._model, self._sums = model, ops.convert_to_tensor(start.copy())
        self._to_device = _to_card if on_card() else ops.convert_to_tensor

    def take(self, data: Any) -> None:
        import keras

        self._model.reset_metrics()
        logs = self._model.train_step(keras.tree.map_structure(self._to_device, data))
        self._sums += _figures(logs)

    def sums(self) -> np.ndarray:
        return np.array(self._sums.cpu())

    def reset(self) -> None:
        self._sums.zero_()

    def synchronise(self) -> None:
        """Steps have changed the variables themselves."""


_BACKENDS: dict[str, type[_Backend]] = {
    "tensorflow": _TensorFlowStep,
    "jax": _JaxStep,
    "torch": _TorchStep,
}


def _figures(logs: dict[str, Any]) -> Any:
    """(2,) float32, loss and accuracy (0 if none is measured) among what a step returns."""
    from keras import ops

    accuracy = next((value for name, value in logs.items() if name.endswith("accuracy")), 0.0)
    return ops.stack([ops.cast(logs["loss"], "float32"), ops.cast(accuracy, "float32")])


def _to_card(array: np.ndarray) -> Any:
    """The array as PyTorch's tensor on the card, copied there while earlier steps still run."""
    import torch

    return torch.from_numpy(array).pin_memory().to("cuda", non_blocking=True)
