"""The score of one triple as GPLinker decodes it: the sigmoid of the least of its four logits."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.labelling.mentions import LabelledTriple
from tasks.extraction.models.features import TokenizedSentence, tokens_of
from tasks.extraction.models.network import Arrays, Indices
from tasks.extraction.records import Record


def choice(triple: LabelledTriple, *, tokens: int, predicates: int) -> Arrays:
    """Weights of the network's outputs that pick the triple's four logits.

    Args:
        tokens: to which the sentence is padded.
    """
    predicate, subject, object_ = triple
    ends = tokens_of(subject), tokens_of(object_)
    spans = np.zeros((2, 2, tokens, tokens), np.float32)
    for kind in (0, 1):
        spans[kind, kind][ends[kind]] = 1
    links = np.zeros((2, tokens + 2 * predicates, tokens), np.float32)
    for kind in (0, 1):
        first, second = ends[0][kind], ends[1][kind]
        links[kind, first, second] = 1
        links[kind, tokens + predicate, first] = 1
        links[kind, tokens + predicates + predicate, second] = 1
    return {"spans": spans, "links": links}


def score(outputs: dict[str, Any], chosen: dict[str, Any]) -> Any:
    """(s,) scores in 0 … 1, as `tasks.extraction.gplinker.inference` gives them."""
    from keras import ops

    logits = [ops.sum(outputs["entity"] * chosen["spans"][kind], axis=(1, 2, 3)) for kind in (0, 1)]
    logits += [
        ops.sum(outputs[name] * chosen["links"][kind], axis=(1, 2))
        for kind, name in enumerate(("head", "tail"))
    ]
    return ops.sigmoid(ops.min(ops.stack(logits), axis=0))


def further_inputs(
    recipe: Recipe, records: Callable[[], Sequence[Record]], predicates: Indices
) -> Callable[[TokenizedSentence, LabelledTriple, int], Arrays]:
    """(sentence, triple, tokens) → what the network reads besides the sentence, which is nothing."""
    return lambda sentence, triple, tokens: {}
