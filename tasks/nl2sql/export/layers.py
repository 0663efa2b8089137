"""Registers the layers of our own in networks of nl2sql; import it before Keras reads such a network."""

from tasks.learning.layers.gated_convolution import GatedDilatedConvolution
from tasks.nl2sql.sketch.layers import Leading, Likeness, PairConvolution
from tasks.nl2sql.two_stage.network import ConditionMatcher
from tasks.text.encoders import ArrayInitializer, Positions

__all__ = [
    "ArrayInitializer",
    "ConditionMatcher",
    "GatedDilatedConvolution",
    "Leading",
    "Likeness",
    "PairConvolution",
    "Positions",
]
