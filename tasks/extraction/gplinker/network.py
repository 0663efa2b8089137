"""The network of GPLinker (Su, kexue.fm/archives/8888) with efficient global pointers.

A triple is five decisions: its subject and its object are spans, and for its predicate their first tokens are
linked, and their last tokens.
"""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from tasks.extraction.config import Recipe
from tasks.extraction.models.network import TripleNetwork
from tasks.learning.layers.factored_pointer import FactoredPointer, factored_zlpr
from tasks.learning.layers.global_pointer import EfficientGlobalPointer
from tasks.learning.layers.losses import sparse_zlpr
from tasks.learning.seeds import derive
from tasks.text.encoders import encoded
from tasks.text.tokenization import Tokenizer


def build(recipe: Recipe, tokenizer: Tokenizer, *, predicates: int, seed: int) -> TripleNetwork:
    """A network with initial weights, drawn from the seed.

    Its outputs are `entity` (b, 2, n, n), scores of spans as subjects and as objects, and `head` and `tail`
    (b, n + 2 · k, n), factors of the scores of links (`split_factors`).
    """
    base = encoded(tokenizer, seed=derive(seed, "encoder"))
    hidden = layers.Dropout(recipe.head_dropout, seed=derive(seed, "head"))(base.hidden)
    entity = EfficientGlobalPointer(2, seed=derive(seed, "entity"), name="entity")
    ends = {
        name: FactoredPointer(predicates, seed=derive(seed, name), name=name) for name in ("head", "tail")
    }
    outputs = {"entity": entity(hidden, base.mask)}
    outputs |= {name: layer(hidden, base.mask) for name, layer in ends.items()}
    model = keras.Model(base.inputs, outputs)
    losses = {"entity": entity_loss, "head": factored_zlpr, "tail": factored_zlpr}
    return TripleNetwork(model, model, None, losses)


def entity_loss(targets: Any, scores: Any) -> Any:
    """Sparse ZLPR of spans, summed over subjects and objects: (b,).

    Where objects may have no label (`tasks.extraction.gplinker.training.targets`), of the spans without one
    only those count that overlap a labelled one: they are no objects, but its boundaries drawn wrongly.
    """
    targets = ops.cast(targets, "int32")
    positives, partly = targets[..., 1:], ops.cast(targets[..., :1, None], "float32")
    length = ops.shape(scores)[2]
    counted = 1 - partly * (1 - _overlapping(positives, length))
    flat = (-1, scores.shape[1], length * length)
    return ops.sum(
        sparse_zlpr(ops.reshape(scores, flat), positives, mask=ops.reshape(counted, flat)), axis=-1
    )


def _overlapping(spans: Any, length: Any) -> Any:
    """(b, 2, n, n) in {0, 1}: whether a span has a token of one of the spans (b, 2, p); 0 is none of them."""
    first, last, places = spans[..., None] // length, spans[..., None] % length, ops.arange(length)
    within = ops.logical_and(first <= places, places <= last)
    covered = ops.cast(ops.any(ops.logical_and(within, spans[..., None] > 0), axis=2), "float32")
    until = ops.cumsum(covered, axis=2)
    return ops.cast(until[:, :, None, :] > (until - covered)[..., None], "float32")


def split_factors(factors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Content (n, n), u (k, n) and v (k, n) of a sentence's factors (n + 2 · k, n).

    The score of linking token i to token j by predicate p is content[i, j] + u[p, i] + v[p, j].

    >>> [part.shape for part in split_factors(np.zeros((5 + 2 * 3, 5)))]
    [(5, 5), (3, 5), (3, 5)]
    """
    length = factors.shape[1]
    predicates = (len(factors) - length) // 2
    return factors[:length], factors[length : length + predicates], factors[length + predicates :]
