"""Distant supervision as arrays: the places of names that are a triple in another training sentence."""

from collections.abc import Sequence

import numpy as np

from tasks.extraction.labelling.distant_supervision import KnownTriples
from tasks.extraction.labelling.mentions import LabelledTriple
from tasks.extraction.models.features import TokenizedSentence, tokens_of
from tasks.extraction.models.network import Arrays


class DistantFeatures:
    """Candidate triples of each sentence as further channels of the network's input.

    A triple that only the sentence itself states is no candidate: it would give the label away in training.
    """

    def __init__(self, known: KnownTriples, predicates: int) -> None:
        self._known, self._predicates = known, predicates
        self._candidates: dict[tuple[str, str], list[LabelledTriple]] = {}

    def candidates(self, sentence: TokenizedSentence) -> list[LabelledTriple]:
        """Triples that other sentences suggest, within the tokens read; looked up once for each sentence."""
        record = sentence.record
        if (record.id, record.text) not in self._candidates:
            self._candidates[record.id, record.text] = [
                label
                for label in self._known.labels(record.text, record.id)
                if max(tokens_of(label[1])[1], tokens_of(label[2])[1]) < sentence.tokens - 1
            ]
        return self._candidates[record.id, record.text]

    def subjects(self, batch: Sequence[TokenizedSentence], *, length: int) -> np.ndarray:
        """(b, length, 2) float32: 1 where a candidate's subject starts, and where it ends."""
        channels = np.zeros((len(batch), length, 2), np.float32)
        for row, sentence in enumerate(batch):
            for _, subject, _ in self.candidates(sentence):
                first, last = tokens_of(subject)
                channels[row, first, 0] = channels[row, last, 1] = 1
        return channels

    def objects(self, sentence: TokenizedSentence, span: tuple[int, int], *, length: int) -> np.ndarray:
        """(length, 2 · k) float32: starts of candidates' objects by predicate, then ends, for one subject."""
        channels = np.zeros((length, 2 * self._predicates), np.float32)
        for predicate, subject, object_ in self.candidates(sentence):
            if tokens_of(subject) == span:
                first, last = tokens_of(object_)
                channels[first, predicate] = channels[last, self._predicates + predicate] = 1
        return channels

    def of_batch(self, batch: Sequence[TokenizedSentence], span: np.ndarray, *, length: int) -> Arrays:
        """Further inputs of a training batch whose subjects are `span` (b, subjects, 2)."""
        objects = [
            self.objects(sentence, (int(first), int(last)), length=length)
            for sentence, spans in zip(batch, span, strict=True)
            for first, last in spans
        ]
        return {"distant": self.subjects(batch, length=length), "distant_objects": np.stack(objects)}
