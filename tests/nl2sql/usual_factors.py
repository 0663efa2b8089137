"""Factors on queries for tests of decoding, about as the labels of ESQL and RETQA give them."""

from pathlib import Path

import numpy as np

from tasks.nl2sql.decoding.query_factors import QueryFactors
from tasks.nl2sql.label_counts import counts
from tasks.nl2sql.label_counts.counts import LabelCounts
from tasks.nl2sql.wording import model as wording
from tasks.nl2sql.wording.fitting import fit

NEUTRAL = QueryFactors.of(LabelCounts.zero())
"""Of no labels."""
USUAL = QueryFactors(
    operators=np.array([[0.02, 0.02, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]),
    aggregates=np.array([[1.0, 0.02, 0.5, 0.5, 1.0, 0.02], [1.0, 1.0, 1.0, 1.0, 0.2, 1.0]]),
    places=np.array([[[1.0, 0.02, 0.1], [1.0, 1.0, 1.0]], [[1.0, 0.02, 0.1], [1.0, 0.02, 1.0]]]),
    another_selected=0.01,
    compared=np.array([0.3, 0.3]),
    contradiction=0.05,
    overlapping=0.01,
    nothing_found=0.5,
)


def without_labels(model: Path) -> None:
    """Write beside a model what is learned of no labels."""
    counts.write(model, LabelCounts.zero())
    wording.write(model, fit([], {}))
