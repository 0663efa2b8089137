"""Optimizer of a training stage: one of Keras's, with wrappers for what it lacks.

Each optimizer gets learning-rate factors for single variables; around it come, if the stage's settings say
so, lazy embeddings, Lookahead and moving averages. All state is in `variables`, which checkpoints save.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import log, prod
from typing import Any

from tasks.core.backends import backend
from tasks.core.config import Stage
from tasks.core.errors import InvalidSettings
from tasks.learning.layers.nesting import consists_of_blocks, parts
from tasks.learning.training.lamb import lamb
from tasks.learning.training.learning_rates import hold_steps, learning_rate
from tasks.learning.training.optimizer_wrappers import with_lazy_embeddings, with_lookahead

CLASSES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "adafactor": "Adafactor",
    "lion": "Lion",
    "muon": "Muon",
}
"""Class of `keras.optimizers` by the name in settings; LAMB is our own."""

UNDECAYED = ("bias", "gamma", "beta", "centers")
"""Parts of the names of variables without weight decay."""

ADAFACTOR_EPSILON = 1e-16
"""Added to squared gradients; with Keras's 1e-30, an unused row and an unused column give 0 / 0."""


def make_optimizer(
    stage: Stage, *, steps_per_epoch: int, factors: Mapping[str, float], ema: float, parts: int = 1
) -> Any:
    """Make the optimizer of a stage.

    Args:
        steps_per_epoch: batches in an epoch, however many of them an update accumulates.
        factors: factors on the learning rate by variable path; 1 for other paths.
        ema: momentum of the moving average of the weights, which is updated with them; 0 for none.
        parts: calls for each batch, whose gradients are accumulated.

    Raises:
        InvalidSettings: in `build`, if a key of `stage.learning_rate_factors` is part of no path.
    """
    stage = stage.model_copy(update={"accumulate": stage.accumulate * parts})
    optimizer = _class(stage, averaged=bool(ema))(
        learning_rate=learning_rate(stage, steps_per_epoch=steps_per_epoch, parts=parts),
        **_rule_options(stage),
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

    own = lamb() if stage.optimizer == "lamb" else getattr(keras.optimizers, CLASSES[stage.optimizer])
    optimizer = _with_factors(own)
    if averaged and stage.ema_corrected:
        optimizer = _with_corrected_average(optimizer)
    if stage.lazy_embeddings:
        optimizer = with_lazy_embeddings(optimizer)
    if stage.lookahead_steps:
        optimizer = with_lookahead(optimizer)
    if averaged and stage.accumulate > 1:
        optimizer = _with_average_per_update(optimizer)
    return optimizer


def _rule_options(stage: Stage) -> dict[str, Any]:
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
def _with_factors(optimizer: type) -> type:
    """Return the optimizer class with learning-rate factors for single variables.

    Weight decay is decoupled (Loshchilov and Hutter, ICLR 2019), with the learning rate of the variable,
    unless the class decays weights in its update.
    """
    from keras import ops
    from keras.initializers import Constant

    class Layerwise(optimizer):
        rule = ""
        """The name in settings."""
        factors: Mapping[str, float] = {}
        """Factor by the complete path of a variable."""
        shares: Mapping[str, float] = {}
        """Factor by a part of a path; all that apply are multiplied."""

        def build(self, variables: list[Any]) -> None:
            super().build(variables)
            hold_steps(self._learning_rate, self._add_number)
            # by index: backends call `update_step` with their own variables, which have no path
            self.factor_of = [
                self.factors.get(path, 1.0) * factor
                for path, factor in _path_factors([variable.path for variable in variables], self.shares)
            ]
            decay = self.weight_decay or 0.0
            self.decay_of = [decay * self._use_weight_decay(variable) for variable in variables]

        def _add_number(self, value: float) -> Any:
            return self.add_variable((), initializer=Constant(value), dtype="float32", name="steps")

        def apply(self, grads: Iterable[Any], trainable_variables: Any = None) -> None:
            super().apply([_dense(gradient) for gradient in grads], trainable_variables)

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            index = self._get_variable_index(variable)
            rate = learning_rate * self.factor_of[index]
            if self.decay_of[index] and not getattr(self, "decays_in_update", False):
                self.assign_sub(variable, variable * self.decay_of[index] * ops.cast(rate, variable.dtype))
            super().update_step(gradient, variable, rate)

        def _apply_weight_decay(self, variables: list[Any]) -> None:
            """Do nothing: `update_step` decays weights with the learning rate of the variable."""

    Layerwise.__name__ = f"Layerwise{optimizer.__name__}"
    return Layerwise


def _path_factors(paths: list[str], shares: Mapping[str, float]) -> list[tuple[str, float]]:
    """Pair each path with the product of the factors whose keys are part of it."""
    unused = [part for part in shares if not any(part in path for path in paths)]
    if unused:
        raise InvalidSettings(
            f"learning_rate_factors: expected parts of the paths of variables that learn "
            f"({', '.join(paths[:3])}, …), received {', '.join(unused)}"
        )
    return [(path, prod(factor for part, factor in shares.items() if part in path)) for path in paths]


def _dense(gradient: Any) -> Any:
    """Convert TensorFlow's slices to a tensor; Keras squares those of a repeated row before it sums them."""
    if backend() != "tensorflow" or not hasattr(gradient, "indices"):  # PyTorch's tensors have a method of it
        return gradient
    import tensorflow as tf

    return tf.convert_to_tensor(gradient)


@cache
def _with_corrected_average(optimizer: type) -> type:
    """Return the optimizer class whose moving average starts from zero and is divided by 1 - momentum ** t
    after t updates (as in bert4keras), which is a running mean with a changing momentum.
    """
    from keras import ops

    class Corrected(optimizer):
        def _update_model_variables_moving_average(self, trainable_variables: list[Any]) -> None:
            updates = ops.cast(self.iterations + 1, "float32")
            share = (self.ema_momentum - 1) / ops.expm1(updates * log(self.ema_momentum))
            for variable, average in zip(
                trainable_variables, self._model_variables_moving_average, strict=True
            ):
                if average is not None:
                    mean = ops.convert_to_tensor(average)
                    newest = ops.cast(ops.convert_to_tensor(variable), mean.dtype)
                    average.assign(mean + ops.cast(share, mean.dtype) * (newest - mean))

    Corrected.__name__ = f"Corrected{optimizer.__name__}"
    return Corrected


@cache
def _with_average_per_update(optimizer: type) -> type:
    """Return the optimizer class with a moving average of updates; Keras's is one of batches."""

    class Averaging(optimizer):
        def _backend_update_step(self, grads: Any, trainable_variables: Any, learning_rate: Any) -> None:
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            super()._update_model_variables_moving_average(self._trainable_variables)

        def _update_model_variables_moving_average(self, trainable_variables: list[Any]) -> None:
            """Do nothing when Keras calls it for each batch."""

    Averaging.__name__ = f"Averaging{optimizer.__name__}"
    return Averaging


def transfer_state(previous: Any, optimizer: Any) -> None:
    """Copy the state (momenta, averages) of the previous optimizer, if both have the same update rule.

    Learning rate and step count start anew; accumulated gradients that made no update are dropped.
    """
    if previous.rule != optimizer.rule:
        return
    old = {_path_within(variable): variable for variable in previous.variables}
    for variable in optimizer.variables:
        source, scalar = old.get(_path_within(variable)), len(variable.shape) == 0
        if scalar or source is None or source.shape != variable.shape:
            continue
        if not variable.path.endswith("gradient_accumulator"):
            variable.assign(source)


def _path_within(variable: Any) -> str:
    """The path without the optimizer's name, which has a number."""
    return str(variable.path).partition("/")[2]


def layer_factors(body: Iterable[Any], heads: Iterable[Any], *, decay: float) -> dict[str, float]:
    """Return the learning-rate factor `decay ** distance` by variable path; empty for a decay of 1.

    The distance is counted in blocks from the heads, which have distance 0. Consecutive layers whose names
    are equal up to the first number form a block (`block_13_expand` and `block_13_project`). Of a layer that
    consists of blocks, such as the encoder of a transformer, each part is one.

    Args:
        body: layers in the order of the network.
        heads: layers after the body.
        decay: factor from one block to the one before it.
    """
    if decay == 1:
        return {}
    factors = {variable.path: 1.0 for head in heads for variable in head.weights}
    distance, previous = 0, None
    for block, variables in reversed([part for layer in body if layer.weights for part in _parts(layer)]):
        distance += block != previous
        previous = block
        factors |= {variable.path: decay**distance for variable in variables}
    return factors


def _parts(layer: Any) -> list[tuple[str, list[Any]]]:
    """The block and the variables of each part of a layer, from first to last."""
    if not consists_of_blocks(layer):
        return [(block_name(layer.name), layer.weights)]
    inside = [(f"{layer.name}/{part.name}", part.weights) for part in parts(layer) if part.weights]
    paths = {variable.path for _, variables in inside for variable in variables}
    own = [variable for variable in layer.weights if variable.path not in paths]
    return [(layer.name, own), *inside] if own else inside


def block_name(layer: str) -> str:
    """Return the part of a layer's name that is common to its block.

    >>> block_name("block_13_expand"), block_name("stem")
    ('block_13', 'stem')
    """
    match = re.match(r".*?\d+", layer)
    return match.group() if match else layer
