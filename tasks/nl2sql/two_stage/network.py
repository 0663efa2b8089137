"""The network of the recipe `two-stage`: the sketch's outputs by column, and a matcher of conditions.

The matcher decides whether a question states a condition (Beader, TableQA 2019). Beader's encodes each pair
of question and condition with BERT. This one starts from the hidden state of the sketch network for
the condition's column, marks the condition's value in it, and scores all four operators with one softmax.
"""

from typing import Any

import keras
from keras import layers, ops

from tasks.learning.layers.masking import masked
from tasks.learning.seeds import derive
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch import losses, network
from tasks.nl2sql.sketch.labels import NO_OPERATOR
from tasks.nl2sql.sketch.layers import PairConvolution
from tasks.nl2sql.sketch.network import SketchNetwork
from tasks.nl2sql.two_stage.candidates import CandidateKind
from tasks.nl2sql.two_stage.inputs import CONDITIONS, OF_COLUMNS, Channel
from tasks.text.tokenization import Tokenizer

DILATIONS = (1, 2)
REACH = 4.0
"""Characters over which the nearness to a value decays by e."""
DROPOUT = 0.1
LOSSES = {**{name: losses.LOSSES[name] for name in OF_COLUMNS}, CONDITIONS: losses.of_each}
"""By the name of an output."""


def build(recipe: Recipe, tokenizer: Tokenizer, *, seed: int) -> SketchNetwork:
    """A fresh network; its inputs are those of `sketch`, and `candidates` (b, k, 4) for the matcher."""
    sketch = network.build(recipe, tokenizer, seed=seed)
    candidates = keras.Input((None, len(Channel)), dtype="int32", name="candidates")
    matcher = ConditionMatcher(network.PAIR_WIDTH, derive(seed, CONDITIONS), name=CONDITIONS)
    conditions = matcher(sketch.pairs, sketch.columns, sketch.mask, candidates)
    outputs = {name: sketch.model.output[name] for name in OF_COLUMNS} | {CONDITIONS: conditions}
    return sketch._replace(model=keras.Model({**sketch.model.input, "candidates": candidates}, outputs))


@keras.saving.register_keras_serializable("podium")
class ConditionMatcher(layers.Layer):
    """Logits of four operators and of no condition, for each candidate of each question.

    A candidate's logits depend on its question and its table alone, not on the other candidates.

    Args:
        width: channels; time grows with its square times candidates times characters.
    """

    def __init__(self, width: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.width, self.seed, make = width, seed, network.LayerFactory(seed)
        self.read = make.dense("read", width)
        self.marks = make.dense("marks", width)
        initial = keras.initializers.RandomUniform(-0.05, 0.05, seed=derive(seed, "kind"))
        # kind 0 is padding
        self.kind = layers.Embedding(
            1 + len(CandidateKind), width, embeddings_initializer=initial, name="kind"
        )
        self.convolutions = [
            PairConvolution(width, dilation, derive(seed, "convolution", place), name=f"along_{place}")
            for place, dilation in enumerate(DILATIONS)
        ]
        self.attention = make.dense("attention", 1)
        self.joined = make.dense("joined", 2 * width, activation="relu")
        self.dropout = make.layer(layers.Dropout, "dropout", DROPOUT)
        self.logits = make.dense("logits", NO_OPERATOR + 1)

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
            pairs: (b, c, n, p) of each character for each column.
            columns: (b, c, e) vectors of columns.
            mask: (b, n, 1), 1 at characters.
            candidates: (b, k, 4) int32 with the channels of `Channel`; tokens are positions in n.
        """
        chosen = ops.one_hot(candidates[..., Channel.COLUMN], ops.shape(columns)[1], dtype=pairs.dtype)
        marks = _marks(candidates, ops.shape(pairs)[2], pairs.dtype)
        inside = marks[..., :1]
        mask = ops.cast(mask, pairs.dtype)[:, None] * ops.ones_like(inside)
        x = ops.relu(self.read(_of_columns(chosen, pairs)) + self.marks(marks)) * mask
        for convolution in self.convolutions:
            x = convolution(x, mask)
        kinds = self.kind(candidates[..., Channel.KIND])
        parts = [self._pooled(x, mask, inside), ops.matmul(chosen, columns), kinds]
        joined = self.dropout(self.joined(ops.concatenate(parts, axis=-1)), training=training)
        return ops.cast(self.logits(joined), "float32")

    def _pooled(self, x: Any, mask: Any, inside: Any) -> Any:
        """(b, k, 3 · width): by attention, the maximum, and the mean of the value's characters."""
        shares = ops.softmax(masked(ops.cast(self.attention(x), "float32"), mask), axis=2)
        largest = ops.max(masked(x, mask), axis=2)
        of_value = ops.sum(x * inside, axis=2) / ops.maximum(ops.sum(inside, axis=2), 1)
        return ops.concatenate([ops.sum(x * ops.cast(shares, x.dtype), axis=2), largest, of_value], axis=-1)

    def compute_output_shape(self, pairs_shape: Any, columns_shape: Any, candidates_shape: Any) -> Any:
        return (*candidates_shape[:2], NO_OPERATOR + 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "width": self.width, "seed": self.seed}


def _of_columns(chosen: Any, pairs: Any) -> Any:
    """(b, k, n, p) of each candidate's column; `chosen` (b, k, c) has a 1 at the column."""
    count, width = ops.shape(pairs)[2], pairs.shape[-1]
    found = ops.matmul(chosen, ops.reshape(pairs, (-1, ops.shape(pairs)[1], count * width)))
    return ops.reshape(found, (-1, ops.shape(chosen)[1], count, width))


def _marks(candidates: Any, count: int, dtype: str) -> Any:
    """(b, k, n, 4): in the value, nearness before it and behind it, and whether it is not in the question."""
    place = ops.cast(ops.arange(count), "float32")[None, None, :]
    channels = ops.cast(candidates, "float32")[..., None]
    start, end = channels[..., Channel.START, :], channels[..., Channel.END, :]
    present = ops.cast(end > start, "float32")
    inside = ops.cast((place >= start) & (place < end), "float32")
    before = present * ops.cast(place < start, "float32") * ops.exp(-ops.abs(start - place) / REACH)
    behind = present * ops.cast(place >= end, "float32") * ops.exp(-ops.abs(place - end) / REACH)
    absent = ops.broadcast_to(1 - present, ops.shape(inside))
    return ops.cast(ops.stack([inside, before, behind, absent], axis=-1), dtype)
