"""Optimizers of a stage: Keras's own, with what they lack put around them.

Around each come factors on the learning rate of single variables; around these, where a stage asks for
them, lazy embeddings, Lookahead and averages. All state lies in `variables`, where checkpoints find it.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import prod
from typing import Any

from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings
from tasks.learning.training.optimizer_wrappers import lazy, looking_ahead
from tasks.learning.training.schedules import learning_rate

CLASSES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "lamb": "Lamb",
    "adafactor": "Adafactor",
    "lion": "Lion",
    "muon": "Muon",
}
"""Classes of `keras.optimizers` by their names in settings."""

UNDECAYED = ("bias", "gamma", "beta", "centers")
"""Variables that weight decay leaves alone."""

ADAFACTOR_EPSILON = 1e-16
"""Added to squared gradients; where an unused row meets an unused column, Keras's 1e-30 gives 0 / 0."""


def make_optimizer(stage: Stage, *, steps_per_epoch: int, factors: Mapping[str, float], ema: float) -> Any:
    """The optimizer of a stage.

    Args:
        steps_per_epoch: batches in an epoch, however many of them make one update.
        factors: multiples of the learning rate by variable path; 1 where a path is missing.
        ema: momentum of the moving average of the weights, which takes a step at each update; 0 for none.

    Raises:
        InvalidSettings: when built, if a key of `stage.learning_rate_factors` is part of no path.
    """
    optimizer = _class(stage, averaged=bool(ema))(
        learning_rate=learning_rate(stage, steps_per_epoch=steps_per_epoch),
        **_own_options(stage),
        **_common_options(stage, ema),
    )
    optimizer.rule = stage.optimizer
    optimizer.factors = dict(factors)
    optimizer.shares = dict(stage.learning_rate_factors)
    if stage.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(UNDECAYED))
    if stage.lookahead_steps:
        optimizer.lookahead_steps = stage.lookahead_steps
        optimizer.lookahead_share = stage.lookahead_share
    return optimizer


def _class(stage: Stage, *, averaged: bool) -> type:
    import keras

    found = _layerwise(getattr(keras.optimizers, CLASSES[stage.optimizer]))
    if stage.lazy_embeddings:
        found = lazy(found)
    if stage.lookahead_steps:
        found = looking_ahead(found)
    if averaged and stage.accumulate > 1:
        found = _averaging_updates(found)
    return found


def _own_options(stage: Stage) -> dict[str, Any]:
    if stage.optimizer == "sgd":
        return {"momentum": stage.momentum}
    if stage.optimizer == "adafactor":
        return {"epsilon_1": ADAFACTOR_EPSILON}
    return {} if stage.optimizer == "lion" else {"epsilon": stage.epsilon}


def _common_options(stage: Stage, ema: float) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if stage.optimizer != "adam":
        options["weight_decay"] = stage.weight_decay
    if stage.clip_norm:
        options["global_clipnorm"] = stage.clip_norm
    if stage.accumulate > 1:
        options["gradient_accumulation_steps"] = stage.accumulate
    if ema:
        options |= {"use_ema": True, "ema_momentum": ema}
    return options


@cache
def _layerwise(optimizer: type) -> type:
    """The optimizer class with factors on the learning rate of single variables.

    Weight decay is decoupled (Loshchilov and Hutter, ICLR 2019), with the variable's own learning rate.
    """
    from keras import ops

    class Layerwise(optimizer):
        rule = ""
        """The name in settings."""
        factors: Mapping[str, float] = {}
        """Factors by the whole path of a variable."""
        shares: Mapping[str, float] = {}
        """Factors by any part of a path; all that apply multiply."""

        def build(self, variables: list[Any]) -> None:
            super().build(variables)
            # by position: backends hand `update_step` their own variables, which know no path
            self.factor_of = [
                self.factors.get(path, 1.0) * factor
                for path, factor in _shared([variable.path for variable in variables], self.shares)
            ]
            decay = self.weight_decay or 0.0
            self.decay_of = [decay * self._use_weight_decay(variable) for variable in variables]

        def apply(self, grads: Iterable[Any], trainable_variables: Any = None) -> None:
            super().apply([_dense(gradient) for gradient in grads], trainable_variables)

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            index = self._get_variable_index(variable)
            rate = learning_rate * self.factor_of[index]
            if self.decay_of[index]:
                self.assign_sub(variable, variable * self.decay_of[index] * ops.cast(rate, variable.dtype))
            super().update_step(gradient, variable, rate)

        def _apply_weight_decay(self, variables: list[Any]) -> None:
            """Nothing: `update_step` decays, which knows the variable's learning rate."""

    Layerwise.__name__ = f"Layerwise{optimizer.__name__}"
    return Layerwise


def _shared(paths: list[str], shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Each path with the product of the factors whose keys are part of it."""
    unused = [part for part in shares if not any(part in path for path in paths)]
    if unused:
        raise InvalidSettings(
            f"learning_rate_factors: expected parts of the paths of variables that learn "
            f"({', '.join(paths[:3])}, …), received {', '.join(unused)}"
        )
    return [(path, prod(factor for part, factor in shares.items() if part in path)) for path in paths]


def _dense(gradient: Any) -> Any:
    """TensorFlow's slices as a tensor: Keras would square those of a repeated row before it adds them up."""
    if not hasattr(gradient, "indices"):
        return gradient
    import tensorflow as tf

    return tf.convert_to_tensor(gradient)


@cache
def _averaging_updates(optimizer: type) -> type:
    """The optimizer class whose moving average takes a step at each update; Keras's does at each batch."""

    class Averaging(optimizer):
        def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: Any) -> None:
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            super()._update_model_variables_moving_average(self._trainable_variables)

        def _update_model_variables_moving_average(self, trainable_variables: list[Any]) -> None:
            """Nothing, where Keras calls it."""

    Averaging.__name__ = f"Averaging{optimizer.__name__}"
    return Averaging


def hand_on(previous: Any, optimizer: Any) -> None:
    """Give an optimizer the state (momenta, averages) of the previous one, if they follow the same rule.

    Learning rate and count of steps start anew; gradients of batches that made no update stay behind.
    """
    if previous.rule != optimizer.rule:
        return
    old = {_own_path(variable): variable for variable in previous.variables}
    for variable in optimizer.variables:
        found, scalar = old.get(_own_path(variable)), len(variable.shape) == 0
        if scalar or found is None or found.shape != variable.shape:
            continue
        if not variable.path.endswith("gradient_accumulator"):
            variable.assign(found)


def _own_path(variable: Any) -> str:
    """The path without the optimizer's name, which Keras numbers."""
    return str(variable.path).partition("/")[2]


def layer_factors(body: Iterable[Any], heads: Iterable[Any], *, decay: float) -> dict[str, float]:
    """`decay ** distance` for each variable, the distance counted in blocks from the heads.

    Consecutive layers whose names agree up to the first number form a block (`block_13_expand` and
    `block_13_project`). All heads are at distance 0. With a decay of 1 no variable needs a factor.
    """
    if decay == 1:
        return {}
    factors = {variable.path: 1.0 for head in heads for variable in head.weights}
    distance, previous = 0, None
    for layer in reversed([layer for layer in body if layer.weights]):
        block = block_name(layer.name)
        distance += block != previous
        previous = block
        factors |= {variable.path: decay**distance for variable in layer.weights}
    return factors


def block_name(layer: str) -> str:
    """The part of a layer's name that its block shares."""
    match = re.match(r".*?\d+", layer)
    return match.group() if match else layer
