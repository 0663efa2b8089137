"""Subjects as tags, and objects as tags given a subject: targets of training, and decoding.

What `pointer` and `casrel` share. A model predicts where subjects start and end; of a subject, where its
objects start and end, for each predicate.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tasks.extraction.labelling.mentions import LabelledTriple
from tasks.extraction.models.features import Example, tokens_of

PADDING = -1.0
SURE = 0.4
"""Probability from which an end ends the search for a start's end (the published threshold of ends)."""
WEAK_ENDS = 2
"""Ends below `SURE` that are considered before a sure one."""
OBJECT_ROWS = 64
"""Subjects looked at together."""


def targets(
    batch: Sequence[Example],
    *,
    predicates: int,
    subjects: int,
    length: int,
    generator: np.random.Generator,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Extra inputs and targets of a batch.

    For each sentence `subjects` times a start is drawn among the labelled ones, and, independently, an end
    among the labelled ends that do not lie before it. Where the two belong to no one subject there are no
    objects to find: such false subjects teach a model to see through its own mistakes.

    Args:
        length: tokens to which the batch is padded.

    Returns:
        `span` (b, subjects, 2) int32, and targets `subject` (b, n, 2) and `object` (b · subjects, n, 2 · k)
        float32, `PADDING` beyond a sentence's tokens.
    """
    span = np.zeros((len(batch), subjects, 2), np.int32)
    subject = np.zeros((len(batch), length, 2), np.float32)
    object_ = np.zeros((len(batch), subjects, length, 2 * predicates), np.float32)
    for row, example in enumerate(batch):
        subject[row, example.tokens :] = PADDING
        object_[row, :, example.tokens :] = PADDING
        for start, end in (tokens_of(each[1]) for each in example.labels):
            subject[row, start, 0] = subject[row, end, 1] = 1
        for place in range(subjects):
            span[row, place] = drawn = _drawn(example.labels, generator)
            _mark(object_[row, place], example.labels, (int(drawn[0]), int(drawn[1])), predicates)
    flat = object_.reshape(-1, length, 2 * predicates)
    return {"span": span}, {"subject": subject, "object": flat}


def _drawn(labels: Sequence[LabelledTriple], generator: np.random.Generator) -> tuple[int, int]:
    """Tokens of a start and an end; the first token, twice, where there is no subject."""
    if not labels:
        return 0, 0
    spans = sorted({tokens_of(label[1]) for label in labels})
    start = spans[generator.integers(len(spans))][0]
    ends = [end for _, end in spans if end >= start]
    return start, ends[generator.integers(len(ends))]


def _mark(
    target: np.ndarray, labels: Sequence[LabelledTriple], subject: tuple[int, int], predicates: int
) -> None:
    """Set starts and ends of the subject's objects in (n, 2 · k)."""
    for predicate, own, other in labels:
        if tokens_of(own) == subject:
            start, end = tokens_of(other)
            target[start, predicate] = target[end, predicates + predicate] = 1


class Found(NamedTuple):
    """A triple that a model considers, its spans in characters."""

    predicate: int
    subject: tuple[int, int]
    object: tuple[int, int]
    score: float


def decode(
    networks: Sequence[Any],
    inputs: dict[str, np.ndarray],
    tokens: Sequence[int],
    *,
    predicates: int,
    floor: float,
    distant: Any = None,
) -> list[list[Found]]:
    """Triples of a batch of sentences whose four tags, on average over networks, reach `floor`.

    A triple's score is the geometric mean of its tags' probabilities.

    Args:
        inputs: of the networks' `sentence` models.
        tokens: of each sentence, padding excluded.
        distant: None, or a function of (row, span of tokens) that gives (n, 2 + 2 · k).
    """
    outputs = [network.sentence.predict_on_batch(inputs) for network in networks]
    tags = np.mean([np.exp(output.pop("subject")) for output in outputs], axis=0)
    subjects = [
        (row, start, end, score)
        for row, count in enumerate(tokens)
        for start, end, score in pairs(tags[row, 1 : count - 1, 0], tags[row, 1 : count - 1, 1], floor=floor)
    ]
    found: list[list[Found]] = [[] for _ in tokens]
    for first in range(0, len(subjects), OBJECT_ROWS):
        chosen = subjects[first : first + OBJECT_ROWS]
        tagged = _objects(networks, outputs, chosen, distant)
        for (row, start, end, score), of_subject in zip(chosen, tagged, strict=True):
            inner = of_subject[1 : tokens[row] - 1]
            for predicate in np.flatnonzero((inner[:, :predicates] >= floor).any(axis=0)).tolist():
                columns = inner[:, predicate], inner[:, predicates + predicate]
                for other_start, other_end, other in pairs(*columns, floor=floor):
                    span, other_span = (start, end + 1), (other_start, other_end + 1)
                    found[row].append(Found(predicate, span, other_span, (score * other) ** 0.25))
    return found


def pairs(starts: np.ndarray, ends: np.ndarray, *, floor: float) -> list[tuple[int, int, float]]:
    """Spans as (first, last, product of probabilities) from starts and ends (n,) that reach `floor`.

    A start takes the nearest end from `SURE` on, and the few weaker ones before it.
    """
    places = np.flatnonzero(ends >= floor)
    found = []
    for start in np.flatnonzero(starts >= floor).tolist():
        weak = 0
        for end in places[np.searchsorted(places, start) :].tolist():
            is_sure = ends[end] >= SURE
            if is_sure or weak < WEAK_ENDS:
                found.append((start, end, float(starts[start] * ends[end])))
            weak += not is_sure
            if is_sure:
                break
    return found


def _objects(
    networks: Sequence[Any],
    outputs: Sequence[dict[str, np.ndarray]],
    chosen: Sequence[tuple[int, int, int, float]],
    distant: Any,
) -> np.ndarray:
    """(subjects, n, 2 · k) probabilities, averaged over networks; batches have few sizes."""
    padded = [*chosen, *[chosen[-1]] * (_rows_for(len(chosen)) - len(chosen))]
    rows = np.array([subject[0] for subject in padded])
    span = np.array([[subject[1] + 1, subject[2] + 1] for subject in padded], np.int32)
    extra = {"span": span}
    if distant:
        extra["distant_both"] = np.stack(
            [distant(row, *place) for row, place in zip(rows, span, strict=True)]
        )
    parts = [
        np.exp(
            network.objects.predict_on_batch({name: value[rows] for name, value in output.items()} | extra)
        )
        for network, output in zip(networks, outputs, strict=True)
    ]
    return np.mean(parts, axis=0)[: len(chosen)]


def _rows_for(count: int) -> int:
    """Rows of a batch of so many subjects: a power of two, so that few sentences cost little."""
    return 1 << (count - 1).bit_length()
