"""Optimizers of a stage: Keras's own, with a factor on the learning rate for each variable."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from tasks.core.config import Stage
from tasks.learning.schedules import learning_rate

UNDECAYED = ("bias", "gamma", "beta", "centers")
"""Variables that weight decay leaves alone."""


def make_optimizer(stage: Stage, *, steps_per_epoch: int, factors: Mapping[str, float], ema: float) -> Any:
    """The optimizer of a stage.

    Args:
        factors: multiples of the learning rate by variable path; 1 where a path is missing.
        ema: momentum of the moving average of the weights; 0 for none.
    """
    import keras

    names = {
        "sgd": keras.optimizers.SGD,
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "lion": keras.optimizers.Lion,
    }
    options: dict[str, Any] = {"momentum": stage.momentum} if stage.optimizer == "sgd" else {}
    if stage.optimizer != "adam":
        options["weight_decay"] = stage.weight_decay
    if ema:
        options |= {"use_ema": True, "ema_momentum": ema}
    optimizer = _scaled(names[stage.optimizer])(
        learning_rate=learning_rate(stage, steps_per_epoch=steps_per_epoch), **options
    )
    optimizer.factors = dict(factors)
    if options.get("weight_decay"):
        optimizer.exclude_from_weight_decay(var_names=list(UNDECAYED))
    return optimizer


@cache
def _scaled(optimizer: type) -> type:
    """The optimizer class with `factors` on the learning rate of single variables."""

    class Scaled(optimizer):
        factors: Mapping[str, float] = {}

        def build(self, variables: list[Any]) -> None:
            super().build(variables)
            # by position: backends hand `update_step` their own variables, which know no path
            self.factor_of = [self.factors.get(variable.path, 1.0) for variable in variables]

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            factor = self.factor_of[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * factor)

    Scaled.__name__ = f"Scaled{optimizer.__name__}"
    return Scaled


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
