"""Registers the layers of our own in networks of extraction; import it before Keras reads such a network."""

from tasks.extraction.casrel.network import ConditionalObjects, SubjectTags
from tasks.extraction.pointer.network import ObjectGraph, SubjectGraph
from tasks.learning.layers.factored_pointer import FactoredPointer
from tasks.learning.layers.global_pointer import EfficientGlobalPointer
from tasks.text.encoders import ArrayInitializer, Positions

__all__ = [
    "ArrayInitializer",
    "ConditionalObjects",
    "EfficientGlobalPointer",
    "FactoredPointer",
    "ObjectGraph",
    "Positions",
    "SubjectGraph",
    "SubjectTags",
]
