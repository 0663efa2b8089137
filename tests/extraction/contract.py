"""What the contract suite needs of extraction: raw files, and candidates that are right or drawn."""

from pathlib import Path

import numpy as np

from tasks.core.competition import Part
from tasks.extraction import dataset as files
from tasks.extraction import demo
from tasks.extraction.records import Record, Triple
from tasks.learning.ensemble.candidates import Candidates, key

WRONG = 3
"""Candidates of each sentence that are drawn from its text."""


def write(root: Path) -> Path:
    """A few dozen invented sentences, some with wrong labels, one listed twice."""
    demo.write(root, sentences=30, extra=0, validation=12, test=12)
    return root


def perfect(dataset: Path, part: Part = "train") -> Candidates:
    """The labelled triples and no others, all certain."""
    return Candidates.of(
        {key(triple): 1.0 for triple in each.triples} for each in files.records(dataset, part)
    )


def wrong(dataset: Path, part: Part = "train") -> Candidates:
    """One triple of each sentence that is not labelled, certain."""
    predicates, random = files.predicates(dataset), np.random.default_rng(0)
    records = files.records(dataset, part)
    return Candidates.of({key(drawn(record, predicates, random)): 1.0} for record in records)


def random_values(dataset: Path, part: Part, random: np.random.Generator) -> Candidates:
    """The labelled triples among others, all with scores that are drawn."""
    predicates = files.predicates(dataset)
    considered = [
        dict.fromkeys([*record.triples, *(drawn(record, predicates, random) for _ in range(WRONG))])
        for record in files.records(dataset, part)
    ]
    return Candidates.of({key(triple): float(random.random()) for triple in each} for each in considered)


def drawn(record: Record, predicates: list[str], random: np.random.Generator) -> Triple:
    """Two pieces of the text and a predicate between them, which are not labelled."""
    text = "".join(record.text.split())

    def piece() -> str:
        start = int(random.integers(0, len(text) - 1))
        return text[start : start + 2]

    while True:
        triple = (piece(), str(random.choice(predicates)), piece())
        if triple not in record.triples:
            return triple
