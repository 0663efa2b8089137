"""Outputs of a function on Keras's active backend, with their gradients by some of its arguments."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from tasks.core.backends import backend

Function = Callable[[list[Any], Any], Any]
"""(tensors to differentiate by, other tensors in dicts) → (s,) outputs, each of which depends on its own rows
of the tensors alone. It may call the model, whose variables do not change."""


class Gradients(Protocol):
    """A function with its gradients."""

    def __init__(self, model: Any, function: Function) -> None: ...

    def __call__(self, inputs: list[np.ndarray], others: Any) -> tuple[np.ndarray, list[np.ndarray]]:
        """Outputs (s,), and for each of the inputs the gradients of their sum, 0 where none depends on it."""


def gradients(model: Any, function: Function) -> Gradients:
    """The function's gradients on the active backend; JAX compiles it for each shape of its arguments."""
    return _BACKENDS[backend()](model, function)


class _TensorFlowGradients:
    def __init__(self, model: Any, function: Function) -> None:
        self._function = function

    def __call__(self, inputs: list[np.ndarray], others: Any) -> tuple[np.ndarray, list[np.ndarray]]:
        import keras
        import tensorflow as tf

        tensors, constants = keras.tree.map_structure(tf.constant, (inputs, others))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            outputs = self._function(tensors, constants)
        found = tape.gradient(outputs, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return outputs.numpy(), [tf.convert_to_tensor(each).numpy() for each in found]


class _JaxGradients:
    def __init__(self, model: Any, function: Function) -> None:
        import jax
        import keras

        def total(inputs: Any, others: Any, values: Any) -> tuple[Any, Any]:
            with keras.StatelessScope(zip(model.variables, values, strict=True)):
                outputs = function(inputs, others)
            return outputs.sum(), outputs

        self._variables = model.variables
        self._compiled = jax.jit(jax.value_and_grad(total, has_aux=True))

    def __call__(self, inputs: list[np.ndarray], others: Any) -> tuple[np.ndarray, list[np.ndarray]]:
        values = [variable.value for variable in self._variables]
        (_, outputs), found = self._compiled(inputs, others, values)
        return np.asarray(outputs), [np.asarray(each) for each in found]


class _TorchGradients:
    def __init__(self, model: Any, function: Function) -> None:
        self._function = function

    def __call__(self, inputs: list[np.ndarray], others: Any) -> tuple[np.ndarray, list[np.ndarray]]:
        import keras
        import torch

        tensors, constants = keras.tree.map_structure(keras.ops.convert_to_tensor, (inputs, others))
        tensors = [each.detach().requires_grad_() for each in tensors]
        outputs = self._function(tensors, constants)
        found = torch.autograd.grad(outputs.sum(), tensors, allow_unused=True)
        arrays = [
            np.zeros_like(each) if gradient is None else gradient.cpu().numpy()
            for each, gradient in zip(inputs, found, strict=True)
        ]
        return outputs.detach().cpu().numpy(), arrays


_BACKENDS: dict[str, type[Gradients]] = {
    "tensorflow": _TensorFlowGradients,
    "jax": _JaxGradients,
    "torch": _TorchGradients,
}
