"""The network of the recipe `sketch`.

An encoder reads the question and the names of the columns. Then narrow convolutions read the question for
each column, with features of where it matches that column's name and cells (HydraNet too scores one column at
a time: Lyu et al., 2020). No weight belongs to a column, its position or its table.
"""

from typing import Any, NamedTuple

import keras
from keras import layers, ops

from tasks.learning.layers.gated_convolution import GatedDilatedConvolution
from tasks.learning.layers.masking import masked
from tasks.learning.seeds import derive
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.linking.match_features import SCALE, ColumnFeature, PairFeature
from tasks.nl2sql.sketch.features import QUESTION
from tasks.nl2sql.sketch.layers import Leading, Likeness, PairConvolution
from tasks.text.encoders import encoded
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import PAD

PAIR_WIDTH = 32
PAIR_DILATIONS = (1, 2, 4)
COLUMN_WIDTH = 96
HEADS, HEAD_SIZE = 8, 16
"""Attention heads between characters and columns."""


class SketchNetwork(NamedTuple):
    """The model to train and to predict with, its encoder, and hidden tensors for further layers."""

    model: Any
    """Inputs of `tasks.nl2sql.sketch.features.inputs` → logits by the names of `sketch.losses.LOSSES`."""
    encoder: Any
    pairs: Any
    """(b, C, n, PAIR_WIDTH) of each character for each column"""
    columns: Any
    """(b, C, COLUMN_WIDTH)"""
    mask: Any
    """(b, n, 1) float32, 1 at tokens of the question"""


class EncoderOutput(NamedTuple):
    """Symbolic tensors of a batch's questions and names."""

    question: Any
    """(b, n, d), zero at padding"""
    names: Any
    """(b, C, d')"""
    character_mask: Any
    """(b, n, 1) float32, 1 at tokens of the question"""
    column_mask: Any
    """(b, C, 1) float32, 1 at columns of the table"""


def build(recipe: Recipe, tokenizer: Tokenizer, *, seed: int) -> SketchNetwork:
    """A fresh network."""
    base = encoded(tokenizer, seed=derive(seed, "encoder"))
    encoder = keras.Model(base.inputs, base.hidden, name="encoder")
    inputs = {
        "pairs": keras.Input((None, None, len(PairFeature)), dtype="uint8", name="pairs"),
        "columns": keras.Input((None, len(ColumnFeature)), name="columns"),
        "present": keras.Input((None,), dtype="int32", name="present"),
    }
    inputs |= _token_inputs(tokenizer)
    encode = _encode_joined if tokenizer.settings.kind == "bert" else _encode_separately
    read = encode(encoder, inputs)
    question = layers.LayerNormalization(name="question_normalisation")(read.question) * read.character_mask
    names = layers.LayerNormalization(name="names_normalisation")(read.names) * read.column_mask
    read, make = read._replace(question=question, names=names), LayerFactory(seed)
    pairs, mask = _pairs(recipe, read, inputs, make)
    columns = _columns(recipe, read, inputs, pairs, mask, make)
    outputs = _outputs(recipe, read, pairs, mask, columns, make)
    return SketchNetwork(keras.Model(inputs, outputs), encoder, pairs, columns, read.character_mask)


class LayerFactory:
    """Makes layers, each with a name and a seed derived from it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def layer(self, kind: Any, name: str, *arguments: Any, **options: Any) -> Any:
        return kind(*arguments, seed=derive(self._seed, name), name=name, **options)

    def dense(self, name: str, units: int, **options: Any) -> Any:
        initial = keras.initializers.GlorotUniform(derive(self._seed, name))
        return layers.Dense(units, kernel_initializer=initial, name=name, **options)


def _token_inputs(tokenizer: Tokenizer) -> dict[str, Any]:
    def tokens(name: str) -> Any:
        return keras.Input((None,), dtype="int32", name=name)

    if tokenizer.settings.kind == "bert":
        return {"characters": tokens("characters"), "part": tokens("part")}
    tables = ["characters", *(["vectors"] if tokenizer.vectors else [])]
    return {name: tokens(name) for name in ("name", *tables, *(f"names_{each}" for each in tables))}


def _encode_separately(encoder: Any, inputs: dict[str, Any]) -> EncoderOutput:
    """Question and names are sequences of their own; each name of a batch is encoded once."""
    tables = [name for name in ("characters", "vectors") if name in inputs]
    characters = _flags(ops.not_equal(inputs["characters"], PAD))
    question = encoder({name: inputs[name] for name in tables})
    name_mask = _flags(ops.not_equal(inputs["names_characters"], PAD))
    hidden = encoder({name: inputs[f"names_{name}"] for name in tables})
    mean = ops.sum(hidden, axis=1) / ops.maximum(ops.sum(name_mask, axis=1), 1.0)
    largest = _maximum(hidden, name_mask, axis=1)
    names = ops.take(ops.concatenate([mean, largest], axis=-1), inputs["name"], axis=0)
    columns = _flags(inputs["present"])
    return EncoderOutput(question, names * columns, characters, columns)


def _encode_joined(encoder: Any, inputs: dict[str, Any]) -> EncoderOutput:
    """Question and names are one sequence, in which each token attends to all others."""
    hidden = encoder({"characters": inputs["characters"]})
    leading = Leading(name="leading")
    characters = leading(_flags(ops.equal(inputs["part"], QUESTION)), inputs["pairs"])
    columns = _flags(inputs["present"])
    numbers = 1 + ops.cumsum(inputs["present"], axis=1) - inputs["present"]
    of_column = ops.cast(ops.equal(inputs["part"][:, None], numbers[..., None]), hidden.dtype)
    of_column = of_column * ops.cast(columns, hidden.dtype)
    mean = ops.matmul(of_column, hidden) / ops.maximum(ops.sum(of_column, axis=-1, keepdims=True), 1.0)
    question = leading(hidden, inputs["pairs"]) * ops.cast(characters, hidden.dtype)
    return EncoderOutput(question, mean, characters, columns)


def _outputs(
    recipe: Recipe, read: EncoderOutput, pairs: Any, mask: Any, columns: Any, make: LayerFactory
) -> dict[str, Any]:
    of_column = masked(make.dense("column", 1)(pairs)[..., 0], read.column_mask)
    characters = _characters(read, pairs, mask, ops.softmax(of_column, axis=1), make)
    operators = make.dense("operators", 5)(columns)
    counted = ops.sum(ops.softmax(operators, axis=-1) * read.column_mask, axis=1)
    largest = [_maximum(characters, read.character_mask, axis=1), _maximum(columns, read.column_mask, axis=1)]
    joined = ops.concatenate([*largest, counted], axis=-1)
    whole = make.dense("whole", COLUMN_WIDTH, activation="relu")(joined)
    number = make.dense("number", 5)(whole) if recipe.sketch.counts else ops.zeros_like(whole[:, :5])
    return {
        "connector": make.dense("connector", 3)(whole),
        "select": make.dense("select", 7)(columns),
        "number": number,
        "operators": operators,
        "tags": make.dense("tags", 5)(characters),
        "begins": make.dense("begins", 1)(characters)[..., 0],
        "column": ops.transpose(of_column, (0, 2, 1)),
    }


def _characters(read: EncoderOutput, pairs: Any, mask: Any, shares: Any, make: LayerFactory) -> Any:
    """(b, n, 2 · PAIR_WIDTH): characters alone and pooled over columns by their shares (b, C, n)."""
    pooled = [ops.sum(shares[..., None] * pairs, axis=1), _maximum(pairs, mask, axis=1)]
    alone = make.dense("characters_own", PAIR_WIDTH)(read.question)
    joined = ops.concatenate([*pooled, alone], axis=-1)
    hidden = make.dense("characters_hidden", 2 * PAIR_WIDTH, activation="relu")(joined)
    width, name = 2 * PAIR_WIDTH, "characters_convolution"
    convolution = make.layer(GatedDilatedConvolution, name, width, gate_dropout=0.0)
    return convolution(hidden * read.character_mask, read.character_mask)


def _pairs(
    recipe: Recipe, read: EncoderOutput, inputs: dict[str, Any], make: LayerFactory
) -> tuple[Any, Any]:
    """(b, C, n, PAIR_WIDTH) of each character for each column, and their mask (b, C, n, 1), 0 at padding."""
    mask = read.column_mask[:, :, None] * read.character_mask[:, None]
    names = make.layer(layers.Dropout, "names_dropout", recipe.sketch.name_dropout, (None, None, 1))(
        read.names
    )
    characters = make.dense("pairs_question", PAIR_WIDTH)(read.question)[:, None]
    pairs = characters + make.dense("pairs_names", PAIR_WIDTH, use_bias=False)(names)[:, :, None]
    if recipe.sketch.matches:
        matches = ops.cast(inputs["pairs"], "float32") / SCALE
        pairs = pairs + make.dense("pairs_marks", PAIR_WIDTH, use_bias=False)(matches)
        pairs = pairs + make.dense("pairs_columns", PAIR_WIDTH, use_bias=False)(inputs["columns"])[:, :, None]
    if recipe.sketch.attention:
        scores = make.layer(Likeness, "likeness", HEADS, HEAD_SIZE)(read.question, names)
        pairs = pairs + make.dense("pairs_likeness", PAIR_WIDTH, use_bias=False)(scores)
    pairs = ops.relu(pairs) * mask
    for number, dilation in enumerate(PAIR_DILATIONS):
        pairs = make.layer(PairConvolution, f"pairs_convolution_{number}", PAIR_WIDTH, dilation)(pairs, mask)
        if recipe.sketch.attention and number == 0:
            others = make.dense("pairs_others", PAIR_WIDTH)(_maximum(pairs, mask, axis=1))[:, None]
            pairs = ops.relu(pairs + others) * mask
    return pairs, mask


def _columns(
    recipe: Recipe, read: EncoderOutput, inputs: dict[str, Any], pairs: Any, mask: Any, make: LayerFactory
) -> Any:
    """(b, C, COLUMN_WIDTH): each column by its pairs and name, with the maximum over all columns."""
    pooled = [_maximum(pairs, mask, axis=2)]
    if recipe.sketch.attention:
        score = masked(make.dense("columns_attention", 1)(pairs), mask)
        pooled.append(ops.sum(ops.softmax(score, axis=2) * pairs, axis=2))
    if recipe.sketch.matches:
        pooled.append(inputs["columns"])
    names = make.layer(layers.Dropout, "columns_dropout", recipe.sketch.name_dropout, (None, None, 1))(
        read.names
    )
    pooled.append(make.dense("columns_names", PAIR_WIDTH)(names))
    column = make.dense("columns_own", COLUMN_WIDTH, activation="relu")(ops.concatenate(pooled, axis=-1))
    column = make.layer(layers.Dropout, "columns_own_dropout", recipe.sketch.dropout)(column)
    others = make.dense("columns_others", COLUMN_WIDTH)(_maximum(column, read.column_mask, axis=1))
    largest = _maximum(read.question, read.character_mask, axis=1)
    question = make.dense("columns_question", COLUMN_WIDTH)(largest)
    hidden = make.dense("columns_hidden", COLUMN_WIDTH)(column)
    return ops.relu(hidden + (others + question)[:, None]) * read.column_mask


def _flags(values: Any) -> Any:
    return ops.cast(values, "float32")[..., None]


def _maximum(values: Any, mask: Any, *, axis: int) -> Any:
    """The maximum where the mask is 1; 0 if it is 1 nowhere."""
    largest = ops.max(masked(values, mask), axis=axis)
    return largest * ops.cast(ops.max(mask, axis=axis) > 0, largest.dtype)
