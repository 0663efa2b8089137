"""Decoding of GPLinker (Su, kexue.fm/archives/8888): spans, and the links between their ends."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from tasks.extraction.config import Recipe
from tasks.extraction.gplinker.network import build, split_factors
from tasks.extraction.models.features import TokenizedSentence, span_of
from tasks.extraction.models.inference import Decoder, SpanTriple
from tasks.extraction.models.network import Arrays, Indices, Networks, Records

__all__ = ["build", "decode", "decoder"]

MOST_SPANS = 64
"""Subjects, and objects, decoded in one sentence: those of the highest scores."""


def decoder(networks: Networks, recipe: Recipe, predicates: Indices, records: Records) -> Decoder:
    """The decoding of batches; the training records are not read."""
    return partial(decode, networks, floor=recipe.floor)


def decode(
    networks: Networks, batch: Sequence[TokenizedSentence], inputs: Arrays, *, floor: float
) -> list[list[SpanTriple]]:
    """Triples of a batch of sentences whose four scores, averaged over networks, all reach `floor`.

    Scores are averaged as logits. A triple's score is the sigmoid of the least of its four, so the published
    rule, all four positive, is a threshold of one half.
    """
    outputs = [network.sentence.predict_on_batch(inputs) for network in networks]
    entity, head, tail = (
        np.mean([output[name] for output in outputs], axis=0) for name in ("entity", "head", "tail")
    )
    limit = float(np.log(floor / (1 - floor)))
    return [
        _of_sentence(entity[row], head[row], tail[row], tokens=sentence.tokens, limit=limit)
        for row, sentence in enumerate(batch)
    ]


def _of_sentence(
    entity: np.ndarray, head: np.ndarray, tail: np.ndarray, *, tokens: int, limit: float
) -> list[SpanTriple]:
    subjects, objects = (_spans(entity[kind], tokens=tokens, limit=limit) for kind in (0, 1))
    if not len(subjects) or not len(objects):
        return []
    scores = np.minimum(
        _linked(head, subjects[:, 0], objects[:, 0]), _linked(tail, subjects[:, 1], objects[:, 1])
    )
    of_spans = np.minimum(entity[0][tuple(subjects.T)][:, None], entity[1][tuple(objects.T)][None, :])
    scores = np.minimum(scores, of_spans)
    triples = []
    for predicate, subject, object_ in np.argwhere(scores >= limit).tolist():
        logit = float(scores[predicate, subject, object_])
        spans = (span_of(*subjects[subject].tolist()), span_of(*objects[object_].tolist()))
        triples.append(SpanTriple(predicate, *spans, float(1 / (1 + np.exp(-logit)))))
    return triples


def _spans(scores: np.ndarray, *, tokens: int, limit: float) -> np.ndarray:
    """(s, 2) first and last tokens of spans that reach the limit, the best `MOST_SPANS` of them."""
    inner = scores[1 : tokens - 1, 1 : tokens - 1]
    places = np.argwhere(inner >= limit)
    if len(places) > MOST_SPANS:
        order = np.argsort(-inner[tuple(places.T)], kind="stable")[:MOST_SPANS]
        places = places[np.sort(order)]
    return places + 1


def _linked(factors: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(k, s, o) scores of pairs, from a sentence's factors (n + 2 · k, n)."""
    content, u, v = split_factors(factors)
    return content[np.ix_(first, second)][None] + u[:, first][:, :, None] + v[:, second][:, None, :]
