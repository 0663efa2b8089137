"""Registers the layers of our own in networks of dogs; import it before Keras reads such a network."""

from tasks.learning.layers.class_distance import Distance
from tasks.learning.pretrained.preprocess_layer import Preprocess

__all__ = ["Distance", "Preprocess"]
