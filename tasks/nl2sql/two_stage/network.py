"""The matcher of the two-stage recipe: whether a question states a condition (Beader, TableQA 2019).

His reads each pair of question and condition by a BERT of its own. This one takes what the sketch's network
has read of the question for the condition's column, marks the condition's value in it and reads on; for the
price of one softmax it weighs all four operators at once.
"""

from typing import Any

import keras
from keras import layers, ops

from tasks.learning.seeds import derive
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding.sketch_outputs import NO_OPERATOR
from tasks.nl2sql.sketch import losses, network
from tasks.nl2sql.sketch.layers import PairConvolution
from tasks.nl2sql.sketch.network import Network
from tasks.nl2sql.two_stage.candidates import KINDS
from tasks.nl2sql.two_stage.inputs import CONDITIONS, OF_COLUMNS
from tasks.text.tokenization import Reader

DILATIONS = (1, 2)
REACH = 4.0
"""Characters over which the nearness of a value fades by e."""
EXCLUDED = -1e9


@keras.saving.register_keras_serializable("podium")
class ConditionMatcher(layers.Layer):
    """Logits of four operators and of no condition, for each candidate of each question.

    A candidate's logits depend on its question and its table alone: which other candidates are looked at, and
    how many, changes none.

    Args:
        width: channels; a step's time grows with its square times candidates times characters.
        seed: of weights and dropout.
    """

    def __init__(self, width: int, seed: int, dropout: float = 0.1, **options: Any) -> None:
        super().__init__(**options)
        self.width, self.seed, self.dropout_share = width, seed, dropout
        self.read = self._dense("read", width)
        self.marks = self._dense("marks", width)
        self.kind = layers.Embedding(
            KINDS,
            width,
            embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=derive(seed, "kind")),
            name="kind",
        )
        self.convolutions = [
            PairConvolution(width, dilation, seed=derive(seed, "convolution", place), name=f"along_{place}")
            for place, dilation in enumerate(DILATIONS)
        ]
        self.attention = self._dense("attention", 1)
        self.joined = self._dense("joined", 2 * width, activation="relu")
        self.dropout = layers.Dropout(dropout, seed=derive(seed, "dropout"), name="dropout")
        self.logits = self._dense("logits", NO_OPERATOR + 1)

    def _dense(self, name: str, width: int, **options: Any) -> Any:
        initial = keras.initializers.GlorotUniform(seed=derive(self.seed, name))
        return layers.Dense(width, kernel_initializer=initial, name=name, **options)

    def build(self, pairs_shape: Any, columns_shape: Any, candidates_shape: Any) -> None:
        width = self.width
        self.read.build((None, None, None, pairs_shape[-1]))
        self.marks.build((None, None, None, 4))
        self.kind.build((None, None))
        for convolution in self.convolutions:
            convolution.build((None, None, None, width))
        self.attention.build((None, None, None, width))
        self.joined.build((None, None, 4 * width + columns_shape[-1]))
        self.logits.build((None, None, 2 * width))

    def call(self, pairs: Any, columns: Any, mask: Any, candidates: Any, training: bool | None = None) -> Any:
        """Logits (b, k, 5) float32.

        Args:
            pairs: (b, c, n, p) of each character as read for each column.
            columns: (b, c, e) vectors of columns.
            mask: (b, n, 1), 1 at characters.
            candidates: (b, k, 4) int32: column, kind (0: padding), first character and the one behind the
                last, as places in n.
        """
        chosen = ops.one_hot(candidates[..., 0], ops.shape(columns)[1], dtype=pairs.dtype)
        marks = _marks(candidates, ops.shape(pairs)[2], pairs.dtype)
        inside, known = marks[..., :1], ops.cast(mask, pairs.dtype)[:, None] * ops.ones_like(marks[..., :1])
        x = ops.relu(self.read(_of_columns(chosen, pairs)) + self.marks(marks)) * known
        for convolution in self.convolutions:
            x = convolution(x, known)
        parts = [self._pooled(x, known, inside), ops.matmul(chosen, columns), self.kind(candidates[..., 1])]
        joined = self.dropout(self.joined(ops.concatenate(parts, axis=-1)), training=training)
        return ops.cast(self.logits(joined), "float32")

    def _pooled(self, x: Any, known: Any, inside: Any) -> Any:
        """(b, k, 3 · width): by attention, the largest, and the mean of the value's characters."""
        absent = (1 - ops.cast(known, "float32")) * EXCLUDED
        shares = ops.softmax(ops.cast(self.attention(x), "float32") + absent, axis=2)
        largest = ops.cast(ops.max(ops.cast(x, "float32") + absent, axis=2), x.dtype)
        of_value = ops.sum(x * inside, axis=2) / ops.maximum(ops.sum(inside, axis=2), 1)
        return ops.concatenate([ops.sum(x * ops.cast(shares, x.dtype), axis=2), largest, of_value], axis=-1)

    def compute_output_shape(
        self, pairs_shape: Any, columns_shape: Any, candidates_shape: Any
    ) -> tuple[int | None, ...]:
        return (*candidates_shape[:2], NO_OPERATOR + 1)

    def get_config(self) -> dict[str, Any]:
        own = {"width": self.width, "seed": self.seed, "dropout": self.dropout_share}
        return {**super().get_config(), **own}


def _of_columns(chosen: Any, pairs: Any) -> Any:
    """(b, k, n, p) of each candidate's column; `chosen` (b, k, c) has a 1 at the column."""
    count, width = ops.shape(pairs)[2], pairs.shape[-1]
    found = ops.matmul(chosen, ops.reshape(pairs, (-1, ops.shape(pairs)[1], count * width)))
    return ops.reshape(found, (-1, ops.shape(chosen)[1], count, width))


def _marks(candidates: Any, count: int, dtype: str) -> Any:
    """(b, k, n, 4): is of the value, comes before it and how near, behind it, and that it stands nowhere."""
    place = ops.cast(ops.arange(count), "float32")[None, None, :]
    start, end = (ops.cast(candidates[..., each], "float32")[..., None] for each in (2, 3))
    stands = ops.cast(end > start, "float32")
    inside = ops.cast((place >= start) & (place < end), "float32")
    before = stands * ops.cast(place < start, "float32") * ops.exp(-ops.abs(start - place) / REACH)
    behind = stands * ops.cast(place >= end, "float32") * ops.exp(-ops.abs(place - end) / REACH)
    nowhere = ops.broadcast_to(1 - stands, ops.shape(inside))
    return ops.cast(ops.stack([inside, before, behind, nowhere], axis=-1), dtype)


# FOLDED from tasks/nl2sql/two_stage_network.py
# The network of the recipe `two-stage`: the sketch by column, and the matcher upon what it reads.
LOSSES = {**{name: losses.LOSSES[name] for name in OF_COLUMNS}, CONDITIONS: losses.of_each}
"""By the name of an output."""


def build(recipe: Recipe, reader: Reader, *, seed: int) -> Network:
    """A fresh network; takes what that of `sketch` does, and `candidates` (b, k, 4) as the matcher does."""
    sketch = network.build(recipe, reader, seed=seed)
    candidates = keras.Input((None, 4), dtype="int32", name="candidates")
    matcher = ConditionMatcher(network.PAIR_WIDTH, derive(seed, CONDITIONS), name=CONDITIONS)
    conditions = matcher(*_read(sketch.model), candidates)
    outputs = {name: sketch.model.output[name] for name in OF_COLUMNS} | {CONDITIONS: conditions}
    return Network(keras.Model({**sketch.model.input, "candidates": candidates}, outputs), sketch.encoder)


def weights(recipe: Recipe) -> dict[str, float]:
    """Factors of the losses, by output."""
    return {name: recipe.training.weights.get(name, 1.0) for name in LOSSES}


def _read(model: Any) -> tuple[Any, Any, Any]:
    """Pairs, columns and the mask of characters, found where layers take them in."""
    _, mask = model.get_layer("characters_convolution").input
    return model.get_layer("column").input, model.get_layer("select").input, mask
