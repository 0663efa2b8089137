"""Update rules written out in float64 for one array, and a walk of a real optimizer to hold against them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.learning.training.optimizers import make_optimizer

BETA_1, BETA_2 = 0.9, 0.999
RATE = 0.01
"""So small that the rounding of 1 - β₂ᵗ in float32 stays below 1e-6 of a value."""


class Sgd:
    """Momentum of the steps, learning rate included; weight decay beside it."""

    def __init__(self, start: Any, *, rate: float = RATE, decay: float = 0.0, momentum: float = 0.9) -> None:
        self.value, self.rate, self.decay, self.momentum = np.array(start, float), rate, decay, momentum
        self.step = np.zeros_like(self.value)

    def update(self, gradient: Any) -> np.ndarray:
        self.value = self.value * (1 - self.rate * self.decay)
        self.step = self.momentum * self.step - self.rate * np.array(gradient, float)
        self.value = self.value + self.step
        return self.value


class Adam:
    """Kingma and Ba's rule in the form before section 2.1 (ε beside √v) with decoupled decay; or LAMB."""

    def __init__(
        self, start: Any, *, rate: float = RATE, decay: float = 0.0, epsilon: float = 1e-7, lamb: bool = False
    ) -> None:
        self.value, self.rate, self.decay = np.array(start, float), rate, decay
        self.epsilon, self.lamb, self.count = epsilon, lamb, 0
        self.m, self.v = np.zeros_like(self.value), np.zeros_like(self.value)

    def update(self, gradient: Any) -> np.ndarray:
        gradient = np.array(gradient, float)
        self.count += 1
        if not self.lamb:
            self.value = self.value * (1 - self.rate * self.decay)
        self.m = BETA_1 * self.m + (1 - BETA_1) * gradient
        self.v = BETA_2 * self.v + (1 - BETA_2) * gradient**2
        self.value = self.value - self.rate * (self._layerwise() if self.lamb else self._direction())
        return self.value

    def _direction(self) -> np.ndarray:
        correction = np.sqrt(1 - BETA_2**self.count) / (1 - BETA_1**self.count)
        return correction * self.m / (np.sqrt(self.v) + self.epsilon)

    def _layerwise(self) -> np.ndarray:
        m, v = self.m / (1 - BETA_1**self.count), self.v / (1 - BETA_2**self.count)
        direction = m / (np.sqrt(v) + self.epsilon) + self.decay * self.value
        weight, step = np.linalg.norm(self.value), np.linalg.norm(direction)
        return direction * (weight / step if weight and step else 1.0)


class Lookahead:
    """Zhang et al.: every `steps` updates, the slow weights go `share` of the way, the fast ones to them."""

    def __init__(self, rule: Any, *, steps: int, share: float) -> None:
        self.rule, self.steps, self.share = rule, steps, share
        self.slow, self.count = rule.value, 0

    def update(self, gradient: Any) -> np.ndarray:
        self.rule.update(gradient)
        self.count += 1
        if self.count % self.steps == 0:
            self.slow = self.slow + self.share * (self.rule.value - self.slow)
            self.rule.value = self.slow
        return np.array(self.rule.value)


def course(rule: Any, gradients: Sequence[Any]) -> np.ndarray:
    """The values of a rule after each gradient."""
    return np.array([np.array(rule.update(gradient)) for gradient in gradients])


def constant(**settings: Any) -> Stage:
    return Stage(**{"schedule": "constant", "learning_rate": RATE, **settings})


def optimizer_of(stage: Stage, *, ema: float = 0.0, **factors: float) -> Any:
    paths = {f"layer/{name}": factor for name, factor in factors.items()}
    return make_optimizer(stage, steps_per_epoch=10, factors=paths, ema=ema)


def variables(**values: Any) -> list[Any]:
    import keras

    made = []
    for name, value in values.items():
        with keras.name_scope("layer"):
            made.append(keras.Variable(np.array(value, np.float32), name=name))
    return made


def walk(optimizer: Any, learned: list[Any], *gradients: Sequence[Any]) -> list[np.ndarray]:
    """Apply gradients in a compiled function; the values of each variable after each step.

    `gradients` holds, for each variable, its gradient at each step.
    """
    import tensorflow as tf
    from keras import ops

    if not optimizer.built:
        optimizer.build(learned)
    step = tf.function(lambda *given: optimizer.apply(list(given), learned))
    found: list[list[np.ndarray]] = [[] for _ in learned]
    for given in zip(*gradients, strict=True):
        step(*[ops.convert_to_tensor(np.array(gradient, np.float32)) for gradient in given])
        for values, variable in zip(found, learned, strict=True):
            values.append(np.array(ops.convert_to_numpy(variable.value)))
    return [np.array(values) for values in found]


def state(optimizer: Any, name: str) -> np.ndarray:
    """The only variable of the optimizer whose path ends so."""
    from keras import ops

    (found,) = [variable for variable in optimizer.variables if variable.path.endswith(name)]
    return np.array(ops.convert_to_numpy(found.value))
