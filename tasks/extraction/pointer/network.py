"""The network of `pointer`: a probability graph over a sentence (Su, 7th of LIC2019; kexue.fm/archives/6671).

    p(subject) = p(boundary of any entity) · p(boundary of a subject)
    p(object, predicate | subject) = p(boundary of any entity) · p(predicate in the sentence)
                                     · p(boundary of any object) · p(boundary of an object of the predicate)

All factors are sigmoids. The layers add logarithms instead of multiplying probabilities: products of small
probabilities would round to 0 and lose their gradients.
"""

from typing import Any

import keras
from keras import layers, ops

from tasks.extraction.config import Recipe
from tasks.extraction.models.network import TripleNetwork
from tasks.extraction.tagging.network import assemble
from tasks.learning.layers.built_by_call import BuiltByCall
from tasks.learning.layers.masking import masked
from tasks.learning.layers.self_attention import MaskedSelfAttention
from tasks.learning.seeds import derive
from tasks.text.encoders import encoded
from tasks.text.tokenization import Tokenizer

HEADS, HEAD_SIZE = 8, 16
HIDDEN = 128
SAMPLED = 6
"""Equally spaced positions from which a subject's vector is made."""


def build(recipe: Recipe, tokenizer: Tokenizer, *, predicates: int, seed: int) -> TripleNetwork:
    """A network with initial weights, drawn from the seed."""
    base = encoded(tokenizer, seed=derive(seed, "encoder"))
    graph = SubjectGraph(predicates, derive(seed, "subjects"), name="subjects")
    objects = ObjectGraph(
        predicates, base.width, derive(seed, "objects"), longest=tokenizer.longest, name="objects"
    )

    def sentence(distant: Any) -> dict[str, Any]:
        return {**graph(base.hidden, base.mask, distant), "hidden": base.hidden, "mask": base.mask}

    return assemble(base, recipe, sentence, objects, predicates=predicates)


@keras.saving.register_keras_serializable("podium")
class SubjectGraph(BuiltByCall):
    """Subjects of a sentence, and the factors of its objects that do not depend on the subject."""

    def __init__(self, predicates: int, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.predicates, self.seed = predicates, seed
        self.boundary = [_dense(HIDDEN, seed, "boundary", "relu"), _dense(2, seed, "boundaries")]
        self.present = [_dense(HIDDEN, seed, "present", "relu"), _dense(predicates, seed, "predicates")]
        self.attention = MaskedSelfAttention(HEADS, HEAD_SIZE, seed=derive(seed, "subject attention"))
        self.features = _convolution(HIDDEN, seed, "subject features", "relu")
        self.tags = _dense(2, seed, "subject tags")
        self.object_attention = MaskedSelfAttention(HEADS, HEAD_SIZE, seed=derive(seed, "object attention"))
        self.context = _convolution(HIDDEN, seed, "context")

    def call(self, hidden: Any, mask: Any, distant: Any = None) -> dict[str, Any]:
        """hidden (b, n, d), mask (b, n, 1), distant (b, n, 2) or None.

        Returns:
            `subject` (b, n, 2): log p of starts and ends; `boundary` (b, n, 2) and `present` (b, 1, k):
            factors of objects; `context` (b, n, 128): the part of their features that all subjects share.
        """
        boundary = _log_sigmoid(self.boundary[1](self.boundary[0](hidden)))
        pooled = ops.max(masked(hidden, mask, excluded=-1e4), axis=1, keepdims=True)
        present = _log_sigmoid(self.present[1](self.present[0](pooled)))
        channels = [hidden, self.attention(hidden, mask), *([] if distant is None else [distant])]
        tags = self.tags(self.features(ops.concatenate(channels, axis=-1)))
        context = self.context(ops.concatenate([hidden, self.object_attention(hidden, mask)], axis=-1))
        return {
            "subject": _log_sigmoid(tags) + boundary,
            "boundary": boundary,
            "present": present,
            "context": context,
        }

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "predicates": self.predicates, "seed": self.seed}


@keras.saving.register_keras_serializable("podium")
class ObjectGraph(BuiltByCall):
    """Objects of one subject in each sentence."""

    def __init__(self, predicates: int, width: int, seed: int, longest: int = 512, **options: Any) -> None:
        super().__init__(**options)
        self.predicates, self.width, self.seed, self.longest = predicates, width, seed, longest
        self.positions = layers.Embedding(longest + 2, width, embeddings_initializer="zeros")
        gru = layers.GRU(
            width,
            unroll=True,
            kernel_initializer=_initial(seed, "gru"),
            recurrent_initializer=keras.initializers.Orthogonal(seed=derive(seed, "recurrent")),
        )
        self.vector = layers.Bidirectional(gru)
        self.features = _convolution(HIDDEN, seed, "object features", bias=False)
        self.any = _dense(1, seed, "any object")
        self.tags = _dense(2 * predicates, seed, "object tags")

    def call(self, sentence: dict[str, Any], span: Any, distant: Any = None) -> Any:
        """Log p of objects: (b, n, 2 · k), starts of all predicates, then ends.

        Args:
            sentence: `hidden`, `mask` and the outputs of `SubjectGraph`.
            span: (b, 2) int32, first and last token of the subject.
            distant: (b, n, 2 + 2 · k) or None.
        """
        hidden, mask = sentence["hidden"], ops.cast(sentence["mask"], sentence["hidden"].dtype)
        subject = self.vector(sampled(hidden, span))[:, None] + self._distances(hidden, span)
        channels = subject if distant is None else ops.concatenate([subject, distant], axis=-1)
        features = ops.relu(sentence["context"] + self.features(channels * mask))
        boundary = ops.repeat(sentence["boundary"], self.predicates, axis=-1)
        present = ops.concatenate([sentence["present"]] * 2, axis=-1)
        return _log_sigmoid(self.tags(features)) + _log_sigmoid(self.any(features)) + present + boundary

    def get_config(self) -> dict[str, Any]:
        sizes = {"predicates": self.predicates, "width": self.width, "seed": self.seed}
        return {**super().get_config(), **sizes, "longest": self.longest}

    def _distances(self, hidden: Any, span: Any) -> Any:
        """(b, n, 2 · width): for each token the vectors of its distances to both ends of the span."""
        places = ops.arange(ops.shape(hidden)[1], dtype="int32")[None]
        # no distance is longer, but PyTorch tries a length beyond the table to learn the output's shape
        most = self.longest + 1
        ends = [self.positions(ops.minimum(ops.abs(places - span[:, end : end + 1]), most)) for end in (0, 1)]
        return ops.concatenate(ends, axis=-1)


def sampled(hidden: Any, span: Any, count: int = SAMPLED) -> Any:
    """(b, count, d): vectors at equally spaced tokens from the first to the last of each span."""
    start, end = ops.cast(span[:, :1], "float32"), ops.cast(span[:, 1:], "float32")
    shares = ops.arange(count, dtype="float32")[None] / (count - 1)
    places = ops.cast(ops.round(start + (end - start) * shares), "int32")
    return ops.take_along_axis(hidden, places[..., None], axis=1)


def _log_sigmoid(logits: Any) -> Any:
    return ops.log_sigmoid(ops.cast(logits, "float32"))


def _initial(seed: int, name: str) -> Any:
    return keras.initializers.GlorotUniform(seed=derive(seed, name))


def _dense(units: int, seed: int, name: str, activation: str | None = None) -> Any:
    return layers.Dense(units, activation=activation, kernel_initializer=_initial(seed, name))


def _convolution(
    filters: int, seed: int, name: str, activation: str | None = None, *, bias: bool = True
) -> Any:
    initial = _initial(seed, name)
    return layers.Conv1D(
        filters, 3, padding="same", activation=activation, use_bias=bias, kernel_initializer=initial
    )
