"""Mask names of columns and cells in training questions, so that a network learns to use match features.

From a few tables it could otherwise memorise which words ask for which column, and fail on unseen tables.
Masked characters keep their match features (`tasks.nl2sql.linking.match_features`).
"""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.linking.match_features import PairFeature
from tasks.nl2sql.sketch.features import SketchExample
from tasks.text.tokenization import Tokenizer
from tasks.text.vocabulary import UNKNOWN

MASKED_CELLS = 0.5
"""Share of the questions with masked names whose cells are masked too."""


def mask_names(
    inputs: dict[str, np.ndarray],
    batch: Sequence[SketchExample],
    tokenizer: Tokenizer,
    generator: np.random.Generator,
    *,
    share: float,
) -> None:
    """Make characters that match names of columns `UNKNOWN` in this share of the questions, in place."""
    for row, example in enumerate(batch):
        masked, cells_too = generator.random(2) < (share, MASKED_CELLS)
        if masked:
            names, cells = PairFeature.NAME_LONGEST, PairFeature.CELL_LONGEST
            places = 1 + _matching(example, [names, cells] if cells_too else [names])
            inputs["characters"][row, places] = tokenizer.characters.special[UNKNOWN]
            if "vectors" in inputs:
                inputs["vectors"][row, places] = UNKNOWN


def _matching(example: SketchExample, features: list[PairFeature]) -> np.ndarray:
    """Characters that have one of these match features for some column."""
    return np.flatnonzero((example.matches.pairs[..., features] > 0).any(axis=(0, 2)))
