"""Distant supervision as arrays: where names stand that are a triple in another training sentence."""

from collections.abc import Sequence

import numpy as np

from tasks.extraction.labelling.distant_supervision import Knowledge
from tasks.extraction.labelling.mentions import LabelledTriple
from tasks.extraction.models.features import Example, tokens_of


class DistantInputs:
    """Candidates of each sentence as the extra channels that a network reads.

    While learning, a sentence itself is no support: else every label would be given away.
    """

    def __init__(self, knowledge: Knowledge, predicates: int) -> None:
        self._knowledge, self._predicates = knowledge, predicates
        self._known: dict[tuple[str, str], list[LabelledTriple]] = {}

    def candidates(self, example: Example) -> list[LabelledTriple]:
        """Labelled triples that other sentences suggest."""
        record = example.record
        if (record.id, record.text) not in self._known:
            self._known[record.id, record.text] = [
                each
                for each in self._knowledge.channels(record.text, record.id)
                if max(tokens_of(each[1])[1], tokens_of(each[2])[1]) < example.tokens - 1
            ]
        return self._known[record.id, record.text]

    def forget(self) -> None:
        """Drop what is remembered of sentences; for those that do not come again."""
        self._known.clear()

    def subjects(self, batch: Sequence[Example], *, length: int) -> np.ndarray:
        """(b, length, 2) float32: 1 where a candidate's subject starts, and where it ends."""
        found = np.zeros((len(batch), length, 2), np.float32)
        for row, example in enumerate(batch):
            for _, subject, _ in self.candidates(example):
                first, last = tokens_of(subject)
                found[row, first, 0] = found[row, last, 1] = 1
        return found

    def objects(self, example: Example, span: tuple[int, int], *, length: int) -> np.ndarray:
        """(length, 2 · k) float32: starts of candidates' objects by predicate, then ends, for one subject."""
        found = np.zeros((length, 2 * self._predicates), np.float32)
        for predicate, subject, object_ in self.candidates(example):
            if tokens_of(subject) == span:
                first, last = tokens_of(object_)
                found[first, predicate] = found[last, self._predicates + predicate] = 1
        return found

    def of_batch(self, batch: Sequence[Example], span: np.ndarray, *, length: int) -> dict[str, np.ndarray]:
        """Extra inputs of a training batch whose subjects are `span` (b, subjects, 2)."""
        objects = [
            self.objects(example, (int(first), int(last)), length=length)
            for example, own in zip(batch, span, strict=True)
            for first, last in own
        ]
        return {"distant": self.subjects(batch, length=length), "distant_objects": np.stack(objects)}
