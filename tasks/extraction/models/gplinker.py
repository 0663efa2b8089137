"""GPLinker: entities and links between their first and last characters, scored pair by pair.

Targets of training, and decoding (Su, kexue.fm/archives/8888). A triple is five decisions: its subject and
its object are spans, and for its predicate their heads belong together, and their tails.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tasks.extraction.models.features import Example, tokens_of
from tasks.extraction.models.tagging import Found

MOST_SPANS = 64
"""Subjects, and objects, considered in one sentence: those of the highest scores."""


def targets(batch: Sequence[Example], *, predicates: int, length: int) -> dict[str, np.ndarray]:
    """Targets of a batch that is padded to `length` tokens.

    Returns:
        `entity` (b, 2, p): spans of subjects and of objects as first · length + last, padded by 0;
        `head` and `tail` (b, 1 + k, p): pairs as subject · length + object, then for each predicate whether
        the pair belongs to it (`tasks.learning.layers.factored_pointer.factored_zlpr`).
    """
    spans: list[tuple[set[int], set[int]]] = []
    heads: list[dict[int, set[int]]] = []
    tails: list[dict[int, set[int]]] = []
    for example in batch:
        own, head, tail = (set[int](), set[int]()), dict[int, set[int]](), dict[int, set[int]]()
        for predicate, subject, object_ in example.labels:
            first, last = tokens_of(subject)
            other_first, other_last = tokens_of(object_)
            own[0].add(first * length + last)
            own[1].add(other_first * length + other_last)
            head.setdefault(first * length + other_first, set()).add(predicate)
            tail.setdefault(last * length + other_last, set()).add(predicate)
        spans.append(own)
        heads.append(head)
        tails.append(tail)
    return {"entity": _indices(spans), "head": _links(heads, predicates), "tail": _links(tails, predicates)}


def _indices(spans: Sequence[tuple[set[int], set[int]]]) -> np.ndarray:
    found = np.zeros((len(spans), 2, _places(kind for own in spans for kind in own)), np.int32)
    for row, own in enumerate(spans):
        for kind, members in enumerate(own):
            found[row, kind, : len(members)] = sorted(members)
    return found


def _links(links: Sequence[dict[int, set[int]]], predicates: int) -> np.ndarray:
    found = np.zeros((len(links), 1 + predicates, _places(links)), np.int32)
    for row, members in enumerate(links):
        for place, (pair, labels) in enumerate(sorted(members.items())):
            found[row, 0, place] = pair
            found[row, [1 + label for label in labels], place] = 1
    return found


def _places(members: Iterable[Any]) -> int:
    """Width of a table that holds the largest member, a multiple of 8 so that few widths occur."""
    return -(-max(1, *(len(each) for each in members)) // 8) * 8


def decode(
    networks: Sequence[Any], inputs: dict[str, np.ndarray], tokens: Sequence[int], *, floor: float
) -> list[list[Found]]:
    """Triples of a batch of sentences each of whose four scores, averaged over networks, reaches `floor`.

    Scores are averaged as logits; a triple's score is the sigmoid of its least one, so that the published
    rule, all four positive, is a threshold of one half.
    """
    outputs = [network.sentence.predict_on_batch(inputs) for network in networks]
    entity, head, tail = (
        np.mean([output[name] for output in outputs], axis=0) for name in ("entity", "head", "tail")
    )
    limit = float(np.log(floor / (1 - floor)))
    return [
        _of_sentence(entity[row], head[row], tail[row], count=count, limit=limit)
        for row, count in enumerate(tokens)
    ]


def _of_sentence(
    entity: np.ndarray, head: np.ndarray, tail: np.ndarray, *, count: int, limit: float
) -> list[Found]:
    subjects, objects = (_spans(entity[kind], count=count, limit=limit) for kind in (0, 1))
    if not len(subjects) or not len(objects):
        return []
    scores = np.minimum(
        _linked(head, subjects[:, 0], objects[:, 0]), _linked(tail, subjects[:, 1], objects[:, 1])
    )
    of_spans = np.minimum(entity[0][tuple(subjects.T)][:, None], entity[1][tuple(objects.T)][None, :])
    scores = np.minimum(scores, of_spans)
    found = []
    for predicate, subject, object_ in np.argwhere(scores >= limit).tolist():
        logit = float(scores[predicate, subject, object_])
        own, other = subjects[subject].tolist(), objects[object_].tolist()
        spans = (own[0] - 1, own[1]), (other[0] - 1, other[1])
        found.append(Found(predicate, *spans, float(1 / (1 + np.exp(-logit)))))
    return found


def _spans(scores: np.ndarray, *, count: int, limit: float) -> np.ndarray:
    """(s, 2) first and last tokens of spans that reach the limit, the best `MOST_SPANS` of them."""
    inner = scores[1 : count - 1, 1 : count - 1]
    places = np.argwhere(inner >= limit)
    if len(places) > MOST_SPANS:
        order = np.argsort(-inner[tuple(places.T)], kind="stable")[:MOST_SPANS]
        places = places[np.sort(order)]
    return places + 1


def _linked(factors: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(k, s, o) scores of pairs, from a sentence's factors (n + 2 · k, n)."""
    length = factors.shape[1]
    heads = (len(factors) - length) // 2
    content, u, v = factors[:length], factors[length : length + heads], factors[length + heads :]
    return content[np.ix_(first, second)][None] + u[:, first][:, :, None] + v[:, second][:, None, :]
