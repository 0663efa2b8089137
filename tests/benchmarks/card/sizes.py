"""The networks that are measured, in full on a graphics card and small on a processor."""

from typing import Any, NamedTuple

CLASSES = 100
WORDS = 21128
"""Entries of BERT-base Chinese's vocabulary."""


class Size(NamedTuple):
    """One network at one size."""

    name: str
    records: str
    """What is counted: `images` or `sequences`."""
    batch: int
    length: int
    """Side of the photographs in pixels, or tokens of a sequence."""
    layers: int = 0
    width: int = 0
    heads: int = 0
    patch: int = 0
    steps: int = 10
    """Steps of an epoch; the loop reads its losses after each epoch."""

    @property
    def is_text(self) -> bool:
        return self.records == "sequences"

    @property
    def title(self) -> str:
        """Name and size, `xception-299` or `bert-base at 128 tokens`."""
        return f"{self.name} at {self.length} tokens" if self.is_text else f"{self.name}-{self.length}"


FULL = (
    Size("xception", "images", 64, 299),
    Size("vit-b16", "images", 128, 224, layers=12, width=768, heads=12, patch=16),
    Size("bert-base", "sequences", 256, 128, layers=12, width=768, heads=12),
)
SMALL = (
    Size("xception", "images", 2, 71, steps=2),
    Size("vit-small", "images", 8, 96, layers=3, width=192, heads=3, patch=16, steps=5),
    Size("bert-small", "sequences", 8, 32, layers=2, width=128, heads=2, steps=5),
)


def build(size: Size) -> Any:
    """The network with random weights and a softmax over `CLASSES`, `main`; nothing is downloaded."""
    import keras

    inputs, features = _text_body(size) if size.is_text else _image_body(size)
    main = keras.layers.Dense(CLASSES, activation="softmax", dtype="float32", name="main")(features)
    return keras.Model(inputs, {"main": main}, name=size.name.replace("-", "_"))


def _image_body(size: Size) -> tuple[Any, Any]:
    import keras

    inputs = keras.Input((size.length, size.length, 3), name="photographs")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    if size.name == "xception":
        body = keras.applications.Xception(
            weights=None, include_top=False, pooling="avg", input_shape=(size.length, size.length, 3)
        )
        return inputs, body(scaled)
    import keras_hub

    body = keras_hub.models.ViTBackbone(
        image_shape=(size.length, size.length, 3),
        patch_size=size.patch,
        num_layers=size.layers,
        num_heads=size.heads,
        hidden_dim=size.width,
        mlp_dim=4 * size.width,
    )
    return inputs, body(scaled)[:, 0]


def _text_body(size: Size) -> tuple[Any, Any]:
    import keras
    import keras_hub

    body = keras_hub.models.BertBackbone(
        vocabulary_size=WORDS,
        num_layers=size.layers,
        num_heads=size.heads,
        hidden_dim=size.width,
        intermediate_dim=4 * size.width,
        max_sequence_length=512,
    )
    names = ("token_ids", "segment_ids", "padding_mask")
    inputs = {name: keras.Input((size.length,), dtype="int32", name=name) for name in names}
    return inputs, body(inputs)["pooled_output"]


def operations(size: Size, model: Any) -> float:
    """Floating-point operations of one record in one step of training.

    A multiplication with its addition counts as two, the backward pass as twice the forward one; embeddings,
    normalisation and activations are left out, as is usual for shares of a peak (PaLM, appendix B).
    """
    forward = _transformer(size) if size.layers else _convolutions(model)
    return 3 * 2 * forward


def _transformer(size: Size) -> float:
    """Multiplications of projections, attention and feed-forward layers, and of the patches."""
    tokens = size.length if size.is_text else (size.length // size.patch) ** 2 + 1
    a_token = 12 * size.width**2 + 2 * tokens * size.width
    patches = 0 if size.is_text else (tokens - 1) * size.patch**2 * 3 * size.width
    return float(size.layers * tokens * a_token + patches)


def _convolutions(model: Any) -> float:
    """Multiplications of the convolutions of a network of `keras.applications` inside the model."""
    from math import prod

    import keras

    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
    (body,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    return float(
        sum(
            prod(layer.output.shape[1:3]) * prod(weight.shape)
            for layer in body.layers
            if isinstance(layer, kinds)
            for weight in layer.weights
            if len(weight.shape) == 4
        )
    )
