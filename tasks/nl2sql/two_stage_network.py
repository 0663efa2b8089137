"""The network of the recipe `two-stage`: the sketch by column, and the matcher upon what it reads."""

from typing import Any

import keras

from tasks.learning.seeds import derive
from tasks.nl2sql import losses, networks
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.matcher import ConditionMatcher
from tasks.nl2sql.networks import Network
from tasks.nl2sql.two_stage_examples import CONDITIONS, OF_COLUMNS
from tasks.text.reading import Reader

LOSSES = {**{name: losses.LOSSES[name] for name in OF_COLUMNS}, CONDITIONS: losses.of_each}
"""By the name of an output."""


def build(recipe: Recipe, reader: Reader, *, seed: int) -> Network:
    """A fresh network; takes what that of `sketch` does, and `candidates` (b, k, 4) as the matcher does."""
    sketch = networks.build(recipe, reader, seed=seed)
    candidates = keras.Input((None, 4), dtype="int32", name="candidates")
    matcher = ConditionMatcher(networks.PAIR_WIDTH, derive(seed, CONDITIONS), name=CONDITIONS)
    conditions = matcher(*_read(sketch.model), candidates)
    outputs = {name: sketch.model.output[name] for name in OF_COLUMNS} | {CONDITIONS: conditions}
    return Network(keras.Model({**sketch.model.input, "candidates": candidates}, outputs), sketch.encoder)


def weights(recipe: Recipe) -> dict[str, float]:
    """Factors of the losses, by output."""
    return {name: recipe.training.weights.get(name, 1.0) for name in LOSSES}


def _read(model: Any) -> tuple[Any, Any, Any]:
    """Pairs, columns and the mask of characters, found where layers take them in."""
    _, mask = model.get_layer("characters_convolution").input
    return model.get_layer("column").input, model.get_layer("select").input, mask
