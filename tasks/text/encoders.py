"""Encoders: networks from the tokens of a sentence to a vector for each of them.

Every trainable layer has a name that begins with `PREFIX`, by which `copy_encoder` finds it in two networks.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

from tasks.core.errors import InvalidSettings
from tasks.learning.layers.gated_convolution import GatedDilatedConvolution
from tasks.learning.seeds import derive
from tasks.text.bert_files import bert_backbone
from tasks.text.config import Bert, Dgcnn
from tasks.text.tokenization import EXTRA, Tokenizer
from tasks.text.vocabulary import PAD

PREFIX = "encoder_"


class Encoded(NamedTuple):
    """Inputs and symbolic outputs of an encoder."""

    inputs: dict[str, Any]
    hidden: Any
    """(b, n, d), zero at padding."""
    mask: Any
    """(b, n, 1) float32, 1 at tokens."""
    width: int


def encoded(tokenizer: Tokenizer, *, seed: int) -> Encoded:
    """A new encoder of the kind in the tokenizer's settings, on new inputs."""
    if tokenizer.settings.kind == "bert":
        return _bert(tokenizer, tokenizer.settings.bert)
    return _dgcnn(tokenizer, tokenizer.settings.dgcnn, seed=seed)


def copy_encoder(source: Any, target: Any) -> None:
    """Copy the weights of the encoder in one network to the encoder in another."""
    for layer in target.layers:
        if layer.name.startswith(PREFIX) and layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())


def _dgcnn(tokenizer: Tokenizer, settings: Dgcnn, *, seed: int) -> Encoded:
    inputs = {"characters": keras.Input((None,), dtype="int32", name="characters")}
    mask = _mask(inputs["characters"], PAD)
    hidden = _embedding("characters", tokenizer.characters.size, settings.width, seed)(inputs["characters"])
    if tokenizer.vectors:
        inputs["vectors"] = keras.Input((None,), dtype="int32", name="vectors")
        hidden += _pretrained(tokenizer.vectors[1], settings.width, seed)(inputs["vectors"])
    if tokenizer.words:
        inputs["words"] = keras.Input((None,), dtype="int32", name="words")
        hidden += _embedding("words", tokenizer.words.size, settings.width, seed)(inputs["words"])
    if tokenizer.word_vectors:
        inputs["word_vectors"] = keras.Input((None,), dtype="int32", name="word_vectors")
        read = _pretrained(tokenizer.word_vectors[1], settings.width, seed, name="word_vectors")
        hidden += read(inputs["word_vectors"])
    hidden += Positions(tokenizer.longest + 2, settings.width, name=f"{PREFIX}positions")(hidden)
    hidden = layers.Dropout(settings.dropout, seed=derive(seed, "dropout"))(hidden) * mask
    for number, dilation in enumerate(settings.dilations):
        hidden = GatedDilatedConvolution(
            settings.width,
            dilation=dilation,
            gate_dropout=settings.gate_dropout,
            seed=derive(seed, "convolution", number),
            name=f"{PREFIX}convolution_{number}",
        )(hidden, mask)
    return Encoded(inputs, hidden, mask, settings.width)


def _bert(tokenizer: Tokenizer, settings: Bert) -> Encoded:
    from keras_hub.models import BertBackbone

    if settings.preset:
        options = {"dropout": settings.dropout, "name": f"{PREFIX}bert"}
        backbone = bert_backbone(settings.preset, first_layers=settings.first_layers, **options)
        if (most := backbone.max_sequence_length - EXTRA) < tokenizer.longest:
            expected = f"at most {most}, the characters that {settings.preset!r} has positions for"
            raise InvalidSettings(f"encoder.longest: expected {expected}; received {tokenizer.longest}")
    else:
        backbone = BertBackbone(
            vocabulary_size=tokenizer.characters.size,
            num_layers=settings.layers,
            num_heads=settings.heads,
            hidden_dim=settings.width,
            intermediate_dim=4 * settings.width,
            dropout=settings.dropout,
            max_sequence_length=tokenizer.longest + 2,
            name=f"{PREFIX}bert",
        )
    backbone.pooled_dense.trainable = False  # its output is not used, so it would have no gradient
    characters = keras.Input((None,), dtype="int32", name="characters")
    mask = _mask(characters, tokenizer.characters.padding)
    tokens = {
        "token_ids": characters,
        "segment_ids": ops.zeros_like(characters),
        "padding_mask": ops.cast(mask[..., 0], "int32"),
    }
    hidden = backbone(tokens)["sequence_output"]
    return Encoded({"characters": characters}, hidden * ops.cast(mask, hidden.dtype), mask, hidden.shape[-1])


def _mask(characters: Any, padding: int) -> Any:
    return ops.cast(ops.not_equal(characters, padding), "float32")[..., None]


def _embedding(name: str, size: int, width: int, seed: int) -> Any:
    initial = keras.initializers.RandomUniform(-0.05, 0.05, seed=derive(seed, name))
    return layers.Embedding(size, width, embeddings_initializer=initial, name=f"{PREFIX}{name}")


def _pretrained(table: np.ndarray, width: int, seed: int, *, name: str = "vectors") -> Any:
    """Frozen vectors and a trainable projection."""
    values = ArrayInitializer(table)
    frozen = layers.Embedding(*table.shape, values, trainable=False, name=f"{name}_table")
    initial = keras.initializers.GlorotUniform(seed=derive(seed, name))
    projection = layers.Dense(width, use_bias=False, kernel_initializer=initial, name=f"{PREFIX}{name}")
    return lambda numbers: projection(frozen(numbers))


@keras.saving.register_keras_serializable("podium")
class ArrayInitializer(keras.initializers.Initializer):
    """Initialises a variable with an array, which is no part of its configuration.

    One made of a configuration has no array and gives zeros: the values of a saved network are among its
    weights, and a table of vectors would fill its configuration with megabytes of text.
    """

    def __init__(self, values: np.ndarray | None = None) -> None:
        self.values = values

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        values = np.zeros(shape, np.float32) if self.values is None else self.values
        return ops.convert_to_tensor(values, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {}


@keras.saving.register_keras_serializable("podium")
class Positions(layers.Layer):
    """A learned vector for each position, zero at first."""

    def __init__(self, count: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.count, self.width = count, width

    def build(self, shape: tuple[int | None, ...]) -> None:
        self.table = self.add_weight(shape=(self.count, self.width), initializer="zeros", name="table")

    def call(self, x: Any) -> Any:
        """(1, n, width) for an input (b, n, …)."""
        return self.table[None, : ops.shape(x)[1]]

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """JAX and PyTorch would try sizes beyond the table, and take its length for that of all inputs."""
        return (1, shape[1], self.width)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count, "width": self.width}
