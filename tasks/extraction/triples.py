"""Triples as candidates (`tasks.learning.ensemble.candidates`), and which of them are right."""

import json
from collections.abc import Sequence

import numpy as np

from tasks.extraction.records import Record, Triple, norm
from tasks.learning.ensemble.candidates import Candidates


def triple_of(candidate: str) -> Triple:
    """The triple that a candidate's key stands for."""
    subject, predicate, object_ = json.loads(candidate)
    return subject, predicate, object_


def normal(triple: Triple) -> Triple:
    """What two triples have in common that the official scorer takes for the same."""
    return norm(triple[0]), triple[1], norm(triple[2])


def right_and_wanted(values: Candidates, records: Sequence[Record]) -> tuple[np.ndarray, int]:
    """(m,) bool, whether each candidate is labelled, aliases aside; and the number of labels.

    Of candidates of one sentence that the scorer takes for the same only the first can be right.
    """
    gold = [{normal(triple) for triple in record.triples} for record in records]
    rows = values.frame.rows.tolist()
    wanted = sum(map(len, gold))
    right = np.zeros(len(rows), bool)
    for place, (row, candidate) in enumerate(zip(rows, values.frame.keys, strict=True)):
        if right_one := {normal(triple_of(candidate))} & gold[row]:
            right[place] = True
            gold[row] -= right_one
    return right, wanted
