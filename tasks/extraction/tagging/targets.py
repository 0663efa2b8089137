"""Targets of subjects as tags, and of objects as tags of one subject; `pointer` and `casrel` share them.

A model predicts where subjects start and end; for a given subject, where its objects start and end, for each
predicate.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tasks.extraction.labelling.mentions import LabelledTriple
from tasks.extraction.models.features import TokenizedSentence, tokens_of
from tasks.extraction.models.network import Arrays, SentenceSizes, TargetMaker

PADDING = -1.0


def marks(outputs: Arrays, targets: Arrays) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Starts and ends with a probability above one half, and those labelled: of subjects, then of objects."""
    for name, target in targets.items():
        yield (outputs[name] > np.log(0.5)) & (target != PADDING), target == 1


def target_maker_of(*, predicates: int, subjects: int) -> TargetMaker:
    """The function from batches to their targets."""

    def make(
        batch: Sequence[TokenizedSentence], size: SentenceSizes, generator: np.random.Generator
    ) -> tuple[Arrays, Arrays]:
        return targets(batch, size.tokens, generator, predicates=predicates, subjects=subjects)

    return make


def label_count(sentence: TokenizedSentence) -> int:
    """Targets have one row for each token, whatever the number of labels."""
    return 0


def targets(
    batch: Sequence[TokenizedSentence],
    length: int,
    generator: np.random.Generator,
    *,
    predicates: int,
    subjects: int,
) -> tuple[Arrays, Arrays]:
    """Further inputs and targets of a batch.

    For each sentence `subjects` times a start is drawn among the labelled ones, and, independently, an end
    among the labelled ends that do not lie before it. Where the two belong to different subjects there are no
    objects to find: with such false subjects a model learns to reject its own wrong subjects.

    Args:
        length: tokens to which the batch is padded.

    Returns:
        `span` (b, subjects, 2) int32, and targets `subject` (b, n, 2) and `object` (b · subjects, n, 2 · k)
        float32, `PADDING` beyond a sentence's tokens, in sentences that fill up, and for predicates that are
        unlabelled in a sentence.
    """
    span = np.zeros((len(batch), subjects, 2), np.int32)
    subject = np.zeros((len(batch), length, 2), np.float32)
    object_ = np.zeros((len(batch), subjects, length, 2 * predicates), np.float32)
    for row, sentence in enumerate(batch):
        tokens = 0 if sentence.is_filler else sentence.tokens
        subject[row, tokens:] = PADDING
        object_[row, :, tokens:] = PADDING
        for predicate in sentence.unlabelled:
            object_[row, :, :, [predicate, predicates + predicate]] = PADDING
        if sentence.is_filler:
            continue
        for start, end in (tokens_of(label[1]) for label in sentence.labels):
            subject[row, start, 0] = subject[row, end, 1] = 1
        for number in range(subjects):
            span[row, number] = chosen = _choose_span(sentence.labels, generator)
            _mark(object_[row, number], sentence.labels, (int(chosen[0]), int(chosen[1])), predicates)
    flat = object_.reshape(-1, length, 2 * predicates)
    return {"span": span}, {"subject": subject, "object": flat}


def _choose_span(labels: Sequence[LabelledTriple], generator: np.random.Generator) -> tuple[int, int]:
    """First and last token, drawn apart; the first token of the sentence, twice, where it has no subject."""
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
    for predicate, subject_span, object_span in labels:
        if tokens_of(subject_span) == subject:
            start, end = tokens_of(object_span)
            target[start, predicate] = target[end, predicates + predicate] = 1
