"""Questions whose names and cells cannot be read, so that a network learns to go by what they match.

Of a few tables it could otherwise learn by heart which words ask for which column, and be at a loss before
another table. What is hidden is still marked (`tasks.nl2sql.linking.match_features`).
"""

from collections.abc import Sequence

import numpy as np

from tasks.nl2sql.linking.match_features import PairFeature
from tasks.nl2sql.sketch.features import Example
from tasks.text.tokenization import Reader
from tasks.text.vocabulary import UNKNOWN

CELLS_TOO = 0.5
"""Share of the questions without names that have no cells either."""


def hide(
    inputs: dict[str, np.ndarray],
    batch: Sequence[Example],
    reader: Reader,
    drawn: np.random.Generator,
    *,
    share: float,
) -> None:
    """Make the names of columns unknown in this share of the questions, in the inputs of a batch."""
    for row, example in enumerate(batch):
        hidden, cells_too = drawn.random(2) < (share, CELLS_TOO)
        if hidden:
            names, cells = PairFeature.NAME_LONGEST, PairFeature.CELL_LONGEST
            places = 1 + _matching(example, [names, cells] if cells_too else [names])
            inputs["characters"][row, places] = reader.characters.special[UNKNOWN]
            if "vectors" in inputs:
                inputs["vectors"][row, places] = UNKNOWN


def _matching(example: Example, marks: list[PairFeature]) -> np.ndarray:
    """Characters that have one of these marks for some column."""
    return np.flatnonzero((example.marks.pairs[..., marks] > 0).any(axis=(0, 2)))
