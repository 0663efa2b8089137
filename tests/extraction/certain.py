"""A stand-in for a network: certain of labels that it is given, and of nothing else."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from tasks.extraction.models.features import TokenizedSentence

SURE = 8.0
"""Logit of what it is certain of; of all else it is the negative."""


def certain(known: Sequence[TokenizedSentence], *, method: str, predicates: int, sure: float = SURE) -> Any:
    """It knows each sentence by its tokens; where `sure` is negative, it denies what it knows."""
    by_tokens = {tuple(each.inputs["characters"].tolist()): each.labels for each in known}
    if method == "gplinker":
        return SimpleNamespace(
            sentence=_Model(lambda given: _linked(by_tokens, given, predicates, sure)), objects=None
        )
    return SimpleNamespace(
        sentence=_Model(lambda given: _subjects(by_tokens, given, sure)),
        objects=_Model(lambda given: _objects(by_tokens, given, predicates, sure)),
    )


class _Model:
    def __init__(self, predict_on_batch: Any) -> None:
        self.predict_on_batch = predict_on_batch


def _labels(by_tokens: dict[tuple[int, ...], Any], row: np.ndarray) -> Any:
    return by_tokens[tuple(row[: len(row) if row.all() else row.argmin()].tolist())]  # padding is 0


def _log(logits: np.ndarray) -> np.ndarray:
    return -np.log1p(np.exp(-logits))


def _subjects(by_tokens: Any, given: dict[str, np.ndarray], sure: float) -> dict[str, np.ndarray]:
    tokens = given["characters"]
    logits = np.full((*tokens.shape, 2), -abs(sure))
    for row, own in enumerate(tokens):
        for _, (start, end), _ in _labels(by_tokens, own):
            logits[row, start + 1, 0] = logits[row, end, 1] = sure
    return {"subject": _log(logits), "tokens": tokens}


def _objects(by_tokens: Any, given: dict[str, np.ndarray], predicates: int, sure: float) -> np.ndarray:
    tokens = given["tokens"]
    logits = np.full((*tokens.shape, 2 * predicates), -abs(sure))
    for row, (own, span) in enumerate(zip(tokens, given["span"], strict=True)):
        for predicate, (start, end), (first, last) in _labels(by_tokens, own):
            if [start + 1, end] == span.tolist():
                logits[row, first + 1, predicate] = logits[row, last, predicates + predicate] = sure
    return _log(logits)


def _linked(by_tokens: Any, given: dict[str, np.ndarray], predicates: int, sure: float) -> dict[str, Any]:
    """Scores of pairs as factors: a pair that is linked at all, by a predicate that uses both its places."""
    tokens = given["characters"]
    count, length = tokens.shape
    entity = np.full((count, 2, length, length), -abs(sure))
    factors = {name: np.zeros((count, length + 2 * predicates, length)) for name in ("head", "tail")}
    for value in factors.values():
        value[:] = -4 * abs(sure)
    for row, own in enumerate(tokens):
        for predicate, (start, end), (first, last) in _labels(by_tokens, own):
            entity[row, 0, start + 1, end] = entity[row, 1, first + 1, last] = sure
            for name, place, other in (("head", start + 1, first + 1), ("tail", end, last)):
                factors[name][row, place, other] = sure
                factors[name][row, length + predicate, place] = 0
                factors[name][row, length + predicates + predicate, other] = 0
    return {"entity": entity, **factors}
