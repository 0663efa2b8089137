"""How sentences are padded in trainings and in predictions."""

from collections.abc import Sequence

import numpy as np

from tasks.extraction.models.features import TokenizedSentence
from tasks.learning.training.padded_shapes import Padding
from tasks.text import padding
from tasks.text.tokenization import EXTRA

BATCH_CHARACTERS = 4096
"""Characters of a batch in predictions, padding included."""
LABELS = 8
"""Widths of tables of labels are multiples of this."""
LABEL_WORK = 0.05
"""Work for a column of a table of labels, of that for a token."""
UNLIMITED = 2**30


def in_training(longest: int, *, characters: int, sentences: int = 0) -> Padding:
    """Sentences of sizes (tokens, width of the table of their labels).

    Args:
        characters: most characters of a batch, padding included.
        sentences: most sentences of a batch, whatever their length; 0: as many as have these characters.
    """
    of_tokens = padding.of_sentences(longest, characters=characters)
    return Padding(
        multiples=(padding.MULTIPLE, LABELS),
        limits=(longest + EXTRA, UNLIMITED),
        work=lambda sizes: sizes[..., 0] + LABEL_WORK * sizes[..., 1],
        rows=(lambda sizes: np.full(sizes.shape[:-1], sentences)) if sentences else of_tokens.rows,
    )


def in_prediction(longest: int) -> Padding:
    """Sentences of sizes (tokens,)."""
    return padding.of_sentences(longest, characters=BATCH_CHARACTERS)


def token_counts(sentences: Sequence[TokenizedSentence]) -> np.ndarray:
    """(n, 1) int64: the sizes of sentences in predictions."""
    return np.array([[sentence.tokens] for sentence in sentences], np.int64).reshape(-1, 1)
