"""The network of the recipe `sketch`.

An encoder reads the question and the names of the columns. Then the question is read once more for each
column by narrow convolutions, with marks where it repeats that column's name and cells (as HydraNet looks at
one column at a time: Lyu et al., 2020). No weight belongs to a column, its place or its table.
"""

from typing import Any, NamedTuple

import keras
from keras import layers, ops

from tasks.learning.layers.gated_convolution import GatedDilatedConvolution
from tasks.learning.seeds import derive
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.linking.match_features import SCALE, ColumnFeature, PairFeature
from tasks.nl2sql.sketch.features import OWN
from tasks.nl2sql.sketch.layers import Leading, Likeness, PairConvolution
from tasks.text.encoders import encoded
from tasks.text.tokenization import Reader
from tasks.text.vocabulary import PAD

PAIR_WIDTH = 32
PAIR_DILATIONS = (1, 2, 4)
COLUMN_WIDTH = 96
HEADS, HEAD_SIZE = 8, 16
"""Kinds of likeness between a character and a column."""
NAME_DROPOUT, DROPOUT = 0.3, 0.1
EXCLUDED = -1e9


class Network(NamedTuple):
    """The model to train and to predict with, and its encoder."""

    model: Any
    """Inputs of `tasks.nl2sql.sketch.features.inputs` → logits by the names of `tasks.nl2sql.sketch.losses.LOSSES`."""
    encoder: Any


class Read(NamedTuple):
    """Symbolic tensors of what the encoder made of a batch."""

    question: Any
    """(b, n, d), zero at padding"""
    names: Any
    """(b, C, d')"""
    characters: Any
    """(b, n, 1) float32, 1 at tokens of the question"""
    columns: Any
    """(b, C, 1) float32, 1 at columns of the table"""


def build(recipe: Recipe, reader: Reader, *, seed: int) -> Network:
    """A fresh network."""
    base = encoded(reader, seed=derive(seed, "encoder"))
    encoder = keras.Model(base.inputs, base.hidden, name="encoder")
    given = {
        "pairs": keras.Input((None, None, len(PairFeature)), dtype="uint8", name="pairs"),
        "columns": keras.Input((None, len(ColumnFeature)), name="columns"),
        "present": keras.Input((None,), dtype="int32", name="present"),
    }
    layer = Layers(seed)
    given |= _token_inputs(reader)
    read = _joined(encoder, given) if reader.settings.kind == "bert" else _apart(encoder, given)
    read = read._replace(
        question=layers.LayerNormalization(name="question_normalisation")(read.question) * read.characters,
        names=layers.LayerNormalization(name="names_normalisation")(read.names) * read.columns,
    )
    return Network(keras.Model(given, _outputs(recipe, read, given, layer)), encoder)


class Layers:
    """Makes layers with names and seeds of their own."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def dense(self, name: str, units: int, *, bias: bool = True, activation: str | None = None) -> Any:
        initial = keras.initializers.GlorotUniform(derive(self._seed, name))
        return layers.Dense(
            units, use_bias=bias, activation=activation, kernel_initializer=initial, name=name
        )

    def dropout(self, name: str, rate: float, shape: tuple[int | None, ...] | None = None) -> Any:
        return layers.Dropout(rate, noise_shape=shape, seed=derive(self._seed, name), name=name)

    def convolution(self, name: str, width: int, dilation: int) -> Any:
        seed = derive(self._seed, name)
        return GatedDilatedConvolution(width, dilation=dilation, gate_dropout=0.0, seed=seed, name=name)

    def pairs(self, name: str, width: int, dilation: int) -> Any:
        return PairConvolution(width, dilation, seed=derive(self._seed, name), name=name)

    def likeness(self, name: str) -> Any:
        return Likeness(HEADS, HEAD_SIZE, seed=derive(self._seed, name), name=name)


def _token_inputs(reader: Reader) -> dict[str, Any]:
    def tokens(name: str) -> Any:
        return keras.Input((None,), dtype="int32", name=name)

    if reader.settings.kind == "bert":
        return {"characters": tokens("characters"), "part": tokens("part")}
    own = ["characters", *(["vectors"] if reader.vectors else [])]
    return {name: tokens(name) for name in ("name", *own, *(f"names_{each}" for each in own))}


def _apart(encoder: Any, given: dict[str, Any]) -> Read:
    """Question and names go through the encoder one by one, each name of a batch once."""
    own = [name for name in ("characters", "vectors") if name in given]
    characters = _flags(ops.not_equal(given["characters"], PAD))
    question = encoder({name: given[name] for name in own})
    known = _flags(ops.not_equal(given["names_characters"], PAD))
    hidden = encoder({name: given[f"names_{name}"] for name in own})
    mean = ops.sum(hidden, axis=1) / ops.maximum(ops.sum(known, axis=1), 1.0)
    top = _maximum(hidden, known, axis=1)
    names = ops.take(ops.concatenate([mean, top], axis=-1), given["name"], axis=0)
    columns = _flags(given["present"])
    return Read(question, names * columns, characters, columns)


def _joined(encoder: Any, given: dict[str, Any]) -> Read:
    """Question and names are one sequence, in which each token sees all others."""
    hidden = encoder({"characters": given["characters"]})
    leading = Leading(name="leading")
    characters = leading(_flags(ops.equal(given["part"], OWN)), given["pairs"])
    columns = _flags(given["present"])
    numbers = 1 + ops.cumsum(given["present"], axis=1) - given["present"]
    whose = ops.cast(ops.equal(given["part"][:, None], numbers[..., None]), hidden.dtype)
    whose = whose * ops.cast(columns, hidden.dtype)
    mean = ops.matmul(whose, hidden) / ops.maximum(ops.sum(whose, axis=-1, keepdims=True), 1.0)
    return Read(
        leading(hidden, given["pairs"]) * ops.cast(characters, hidden.dtype), mean, characters, columns
    )


def _outputs(recipe: Recipe, read: Read, given: dict[str, Any], layer: Layers) -> dict[str, Any]:
    pairs, mask = _pairs(recipe, read, given, layer)
    columns = _columns(recipe, read, given, pairs, mask, layer)
    whose = layer.dense("column", 1)(pairs)[..., 0] + EXCLUDED * (1 - read.columns)
    characters = _characters(read, pairs, mask, ops.softmax(whose, axis=1), layer)
    operators = layer.dense("operators", 5)(columns)
    counted = ops.sum(ops.softmax(operators, axis=-1) * read.columns, axis=1)
    tops = [_maximum(characters, read.characters, axis=1), _maximum(columns, read.columns, axis=1)]
    whole = layer.dense("whole", COLUMN_WIDTH, activation="relu")(ops.concatenate([*tops, counted], axis=-1))
    number = layer.dense("number", 5)(whole) if recipe.sketch.counts else ops.zeros_like(whole[:, :5])
    return {
        "connector": layer.dense("connector", 3)(whole),
        "select": layer.dense("select", 7)(columns),
        "number": number,
        "operators": operators,
        "tags": layer.dense("tags", 5)(characters),
        "begins": layer.dense("begins", 1)(characters)[..., 0],
        "column": ops.transpose(whose, (0, 2, 1)),
    }


def _characters(read: Read, pairs: Any, mask: Any, shares: Any, layer: Layers) -> Any:
    """(b, n, 2 · PAIR_WIDTH): characters alone and by columns, which have shares (b, C, n) in each."""
    seen = [ops.sum(shares[..., None] * pairs, axis=1), _maximum(pairs, mask, axis=1)]
    own = layer.dense("characters_own", PAIR_WIDTH)(read.question)
    hidden = layer.dense("characters_hidden", 2 * PAIR_WIDTH, activation="relu")(
        ops.concatenate([*seen, own], axis=-1)
    )
    convolution = layer.convolution("characters_convolution", 2 * PAIR_WIDTH, 1)
    return convolution(hidden * read.characters, read.characters)


def _pairs(recipe: Recipe, read: Read, given: dict[str, Any], layer: Layers) -> tuple[Any, Any]:
    """(b, C, n, PAIR_WIDTH) of each character for each column, and the (b, C, n, 1) that are no padding."""
    mask = read.columns[:, :, None] * read.characters[:, None]
    names = layer.dropout("names_dropout", NAME_DROPOUT, (None, None, 1))(read.names)
    own = layer.dense("pairs_question", PAIR_WIDTH)(read.question)[:, None]
    pairs = own + layer.dense("pairs_names", PAIR_WIDTH, bias=False)(names)[:, :, None]
    if recipe.sketch.matches:
        marks = ops.cast(given["pairs"], "float32") / SCALE
        pairs = pairs + layer.dense("pairs_marks", PAIR_WIDTH, bias=False)(marks)
        pairs = pairs + layer.dense("pairs_columns", PAIR_WIDTH, bias=False)(given["columns"])[:, :, None]
    if recipe.sketch.attention:
        likeness = layer.likeness("likeness")(read.question, names)
        pairs = pairs + layer.dense("pairs_likeness", PAIR_WIDTH, bias=False)(likeness)
    pairs = ops.relu(pairs) * mask
    for number, dilation in enumerate(PAIR_DILATIONS):
        pairs = layer.pairs(f"pairs_convolution_{number}", PAIR_WIDTH, dilation)(pairs, mask)
        if recipe.sketch.attention and number == 0:
            others = layer.dense("pairs_others", PAIR_WIDTH)(_maximum(pairs, mask, axis=1))[:, None]
            pairs = ops.relu(pairs + others) * mask
    return pairs, mask


def _columns(recipe: Recipe, read: Read, given: dict[str, Any], pairs: Any, mask: Any, layer: Layers) -> Any:
    """(b, C, COLUMN_WIDTH): each column by what is said of it, and beside all others."""
    seen = [_maximum(pairs, mask, axis=2)]
    if recipe.sketch.attention:
        score = layer.dense("columns_attention", 1)(pairs) + EXCLUDED * (1 - mask)
        seen.append(ops.sum(ops.softmax(score, axis=2) * pairs, axis=2))
    if recipe.sketch.matches:
        seen.append(given["columns"])
    names = layer.dropout("columns_dropout", NAME_DROPOUT, (None, None, 1))(read.names)
    seen.append(layer.dense("columns_names", PAIR_WIDTH)(names))
    own = layer.dense("columns_own", COLUMN_WIDTH, activation="relu")(ops.concatenate(seen, axis=-1))
    own = layer.dropout("columns_own_dropout", DROPOUT)(own)
    others = layer.dense("columns_others", COLUMN_WIDTH)(_maximum(own, read.columns, axis=1))
    question = layer.dense("columns_question", COLUMN_WIDTH)(_maximum(read.question, read.characters, axis=1))
    hidden = layer.dense("columns_hidden", COLUMN_WIDTH)(own)
    return ops.relu(hidden + (others + question)[:, None]) * read.columns


def _flags(values: Any) -> Any:
    return ops.cast(values, "float32")[..., None]


def _maximum(values: Any, mask: Any, *, axis: int) -> Any:
    """The largest where the mask is 1; 0 where it is nowhere."""
    top = ops.max(values + EXCLUDED * (1 - mask), axis=axis)
    return top * ops.cast(ops.max(mask, axis=axis) > 0, top.dtype)
