"""Decoding of subjects as tags, and of objects as tags of one subject; `pointer` and `casrel` share it."""

from collections.abc import Callable, Sequence

import numpy as np

from tasks.extraction.models.features import TokenizedSentence, span_of
from tasks.extraction.models.inference import SpanTriple
from tasks.extraction.models.network import Arrays, Networks

SURE = 0.4
"""Probability from which an end ends the search for a start's end (the published threshold of ends)."""
WEAK_ENDS = 2
"""Ends below `SURE` that are paired with a start before a sure one."""
OBJECT_ROWS = 32
"""Subjects whose objects are predicted together, always as many, so that a length has one shape."""

Subject = tuple[int, int, int, float]
"""Row of the sentence in its batch, first and last token, product of the probabilities of both."""


def decode(
    networks: Networks,
    batch: Sequence[TokenizedSentence],
    inputs: Arrays,
    *,
    predicates: int,
    floor: float,
    distant: Callable[[int, int, int], np.ndarray] | None = None,
) -> list[list[SpanTriple]]:
    """Triples of a batch of sentences whose four tags, on average over networks, all reach `floor`.

    A triple's score is the geometric mean of its tags' probabilities.

    Args:
        inputs: of the networks' `sentence` models; rows beyond those of the batch are not decoded.
        distant: None, or (row, first token, last token) → (n, 2 + 2 · k) channels of that subject.
    """
    outputs = [network.sentence.predict_on_batch(inputs) for network in networks]
    tags = np.mean([np.exp(output.pop("subject")) for output in outputs], axis=0)
    subjects = [
        (row, start + 1, end + 1, score)
        for row, sentence in enumerate(batch)
        for start, end, score in pairs(*tags[row, 1 : sentence.tokens - 1].T, floor=floor)
    ]
    triples: list[list[SpanTriple]] = [[] for _ in batch]
    for first in range(0, len(subjects), OBJECT_ROWS):
        chosen = subjects[first : first + OBJECT_ROWS]
        object_tags = _object_tags(networks, outputs, chosen, distant)
        for (row, start, end, score), of_subject in zip(chosen, object_tags, strict=True):
            inner = of_subject[1 : batch[row].tokens - 1]
            for predicate in np.flatnonzero((inner[:, :predicates] >= floor).any(axis=0)).tolist():
                columns = inner[:, predicate], inner[:, predicates + predicate]
                for object_start, object_end, object_score in pairs(*columns, floor=floor):
                    spans = span_of(start, end), span_of(object_start + 1, object_end + 1)
                    triples[row].append(SpanTriple(predicate, *spans, (score * object_score) ** 0.25))
    return triples


def pairs(starts: np.ndarray, ends: np.ndarray, *, floor: float) -> list[tuple[int, int, float]]:
    """Spans as (first, last, product of probabilities) from probabilities (n,) of starts and of ends.

    Only those that reach `floor` count. A start is paired with the nearest end from `SURE` on, and with up to
    `WEAK_ENDS` weaker ones before it.

    >>> pairs(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.25, 0.5]), floor=0.1)
    [(0, 1, 0.25), (0, 2, 0.5)]
    """
    places = np.flatnonzero(ends >= floor)
    spans = []
    for start in np.flatnonzero(starts >= floor).tolist():
        weak = 0
        for end in places[np.searchsorted(places, start) :].tolist():
            is_sure = ends[end] >= SURE
            if is_sure or weak < WEAK_ENDS:
                spans.append((start, end, float(starts[start] * ends[end])))
            weak += not is_sure
            if is_sure:
                break
    return spans


def _object_tags(
    networks: Networks,
    outputs: Sequence[Arrays],
    subjects: Sequence[Subject],
    distant: Callable[[int, int, int], np.ndarray] | None,
) -> np.ndarray:
    """(subjects, n, 2 · k) probabilities, averaged over networks."""
    padded = [*subjects, *[subjects[-1]] * (OBJECT_ROWS - len(subjects))]
    rows = np.array([row for row, *_ in padded])
    inputs = {"span": np.array([subject[1:3] for subject in padded], np.int32)}
    if distant:
        inputs["distant_both"] = np.stack([distant(row, first, last) for row, first, last, _ in padded])
    parts = [
        np.exp(
            network.objects.predict_on_batch({name: value[rows] for name, value in output.items()} | inputs)
        )
        for network, output in zip(networks, outputs, strict=True)
    ]
    return np.mean(parts, axis=0)[: len(subjects)]
