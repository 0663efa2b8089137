"""Questions of a training whose names of columns are masked, so that it relies on match features."""

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
    random: np.random.Generator,
    *,
    share: float,
) -> None:
    """Make characters that match names of columns `UNKNOWN` in this share of the questions, in place.

    From a few tables a network could memorise which words ask for which column, and fail on unseen tables.
    Masked characters keep their match features, which it so learns to use.
    """
    for row, example in enumerate(batch):
        masked, cells_too = random.random(2) < (share, MASKED_CELLS)
        if masked:
            channels = [PairFeature.NAME_LONGEST, *([PairFeature.CELL_LONGEST] if cells_too else [])]
            matching = (example.matches.pairs[..., channels] > 0).any(axis=(0, 2))
            places = 1 + np.flatnonzero(matching)
            inputs["characters"][row, places] = tokenizer.characters.special[UNKNOWN]
            if "vectors" in inputs:
                inputs["vectors"][row, places] = UNKNOWN
