"""Layers that consist of other layers: encoders of transformers, blocks of networks of keras-hub."""

from collections.abc import Iterable, Iterator
from typing import Any


def nested_layers(layers: Iterable[Any], within: str = "") -> Iterator[tuple[str, Any]]:
    """Each layer, followed by those it consists of, with its path: `vit_encoder/transformer_block_1/mlp`."""
    for layer in layers:
        path = f"{within}{layer.name}"
        yield path, layer
        yield from nested_layers(parts(layer), f"{path}/")


def parts(layer: Any) -> list[Any]:
    """The layers that a layer consists of, directly, in the order in which it made them."""
    # `layers` of models alone is public, and it leaves out what a layer holds
    return list(layer._flatten_layers(include_self=False, recursive=False))


def consists_of_blocks(layer: Any) -> bool:
    """Whether some parts of the layer are of one class and consist of layers with weights themselves."""
    composed = [type(part) for part in parts(layer) if any(inner.weights for inner in parts(part))]
    return len(set(composed)) < len(composed)
