"""What a competition tells of a recipe's network, so that other programs can use it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class ExportedNetwork(NamedTuple):
    """A network with a real batch, and what its inputs and outputs mean.

    Inputs and outputs go by name, also where there is one alone.
    """

    model: Any
    """A Keras model: dict of inputs → dict of outputs."""
    load: Callable[[Path], None]
    """(folder of step `train`): give the network the weights of this model."""
    batch: dict[str, np.ndarray]
    """Inputs of some real records."""
    inputs: dict[str, str]
    """The meaning of each input, for people."""
    outputs: dict[str, str]
    layers: str
    """The module that registers the network's own layers with Keras when it is imported."""
    classes: list[Any] | None = None
    """Names of the classes of the last axis of the outputs, if these have any."""
    vocabularies: dict[str, Any] = {}
    """`tasks.text.vocabulary.Vocabulary` by the name of an input that holds numbers of tokens."""
    notes: tuple[str, ...] = ()
    """What else a user must know, a sentence or two each."""
