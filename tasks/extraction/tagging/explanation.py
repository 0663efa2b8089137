"""The score of one triple as tags decode it: the geometric mean of the probabilities of its four tags."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tasks.extraction.labelling.mentions import LabelledTriple
from tasks.extraction.models.features import TokenizedSentence, tokens_of
from tasks.extraction.models.network import Arrays

Further = Callable[[TokenizedSentence, LabelledTriple, int], Arrays]


def choice(triple: LabelledTriple, *, tokens: int, predicates: int) -> Arrays:
    """Weights of the network's log-probabilities that pick the triple's four tags, a quarter each.

    Args:
        tokens: to which the sentence is padded.
    """
    predicate, subject, object_ = triple
    of_subject = np.zeros((tokens, 2), np.float32)
    of_object = np.zeros((tokens, 2 * predicates), np.float32)
    (begin, end), (object_begin, object_end) = tokens_of(subject), tokens_of(object_)
    of_subject[begin, 0] = of_subject[end, 1] = 0.25
    of_object[object_begin, predicate] = of_object[object_end, predicates + predicate] = 0.25
    return {"subject": of_subject, "object": of_object}


def score(outputs: dict[str, Any], chosen: dict[str, Any]) -> Any:
    """(s,) scores in 0 … 1, as `tasks.extraction.tagging.decoding` gives them."""
    from keras import ops

    rows = ops.shape(outputs["subject"])[0]
    of_object = ops.reshape(outputs["object"], (rows, -1, *chosen["object"].shape))[:, 0]
    total = ops.sum(outputs["subject"] * chosen["subject"], axis=(1, 2))
    return ops.exp(total + ops.sum(of_object * chosen["object"], axis=(1, 2)))


def with_span(subjects: int, distant: Callable[..., Arrays] | None = None) -> Further:
    """(sentence, triple, tokens) → the triple's subject, whose objects are asked for.

    Args:
        subjects: that the network reads of each sentence, as it was built; all are this one.
        distant: (sentence, span (1, subjects, 2), tokens) → further channels.
    """

    def further(sentence: TokenizedSentence, triple: LabelledTriple, tokens: int) -> Arrays:
        span = np.array([[tokens_of(triple[1])] * subjects], np.int32)
        return {"span": span, **(distant(sentence, span, tokens) if distant else {})}

    return further
