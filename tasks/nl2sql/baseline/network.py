"""The network of the recipe `baseline` (Su, TableQA 2019, kexue.fm 6771).

One encoder reads the question and, behind a `[CLS]` each, the headers of all columns. The connector is read
from the first `[CLS]`, a column's selection and aggregate from that of its header, the operator of the value
that a character is part of from the character, and the column of that value from each pair of a character
and a header.
"""

from typing import Any, NamedTuple

import keras
from keras import layers, ops

from tasks.learning.layers.masking import masked
from tasks.learning.seeds import derive
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query.schema import CONNECTORS
from tasks.nl2sql.sketch.labels import NO_AGGREGATE, NO_OPERATOR
from tasks.nl2sql.sketch.layers import Leading
from tasks.nl2sql.sketch.network import LayerFactory
from tasks.text.encoders import encoded
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import PAD

HEADS = 4
"""Attention heads behind convolutions."""


class BaselineNetwork(NamedTuple):
    """The model to train and to predict with, and its encoder."""

    model: Any
    """Inputs of `tasks.nl2sql.baseline.inputs.inputs` → logits by the names of `baseline.losses.LOSSES`."""
    encoder: Any


def build(recipe: Recipe, tokenizer: Tokenizer, *, seed: int) -> BaselineNetwork:
    """A fresh network, but for a pretrained encoder."""
    base = encoded(tokenizer, seed=derive(seed, "encoder"))
    encoder = keras.Model(base.inputs, base.hidden, name="encoder")
    names = (*base.inputs, "headers", "question", "present")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    hidden = encoder({name: inputs[name] for name in base.inputs})
    if tokenizer.settings.kind == "dgcnn":
        hidden = _attended(hidden, inputs["characters"], base.width)
    make = LayerFactory(seed)
    headers = _headers(hidden, inputs["headers"], inputs["present"])
    question = Leading(name="leading")(hidden, inputs["question"][:, None])
    outputs = {
        "connector": make.dense("connector", len(CONNECTORS))(hidden[:, 0]),
        "select": make.dense("select", NO_AGGREGATE + 1)(headers),
        "tags": make.dense("tags", NO_OPERATOR + 1)(question),
        "column": _columns(question, headers, inputs["present"], recipe.baseline.match_width, make),
    }
    return BaselineNetwork(keras.Model(inputs, outputs), encoder)


def _attended(hidden: Any, characters: Any, width: int) -> Any:
    """(b, L, d) with one layer of self-attention: convolutions alone read only what is near a token, while
    the token before a header must know the question.
    """
    mask = ops.not_equal(characters, PAD)
    attention = layers.MultiHeadAttention(HEADS, max(1, width // HEADS), name="attention")
    found = hidden + attention(hidden, hidden, attention_mask=mask[:, None])
    normal = layers.LayerNormalization(name="attention_normalisation")(found)
    return normal * ops.cast(mask, normal.dtype)[..., None]


def _headers(hidden: Any, marks: Any, present: Any) -> Any:
    """(b, C, d): the vector of the token before each header; 0 for columns whose headers are not read."""
    numbers = present * ops.cumsum(present, axis=1)
    first = ops.equal(marks[:, None], numbers[..., None]) & ops.greater(numbers[..., None], 0)
    return ops.matmul(ops.cast(first, hidden.dtype), hidden)


def _columns(question: Any, headers: Any, present: Any, width: int, make: LayerFactory) -> Any:
    """(b, n, C) logits of the column that the value at each character belongs to: additive attention."""
    characters = make.dense("column_question", width)(question)[:, :, None]
    names = make.dense("column_headers", width)(headers)[:, None]
    logits = make.dense("column", 1)(ops.tanh(characters + names))[..., 0]
    return masked(logits, present[:, None])
