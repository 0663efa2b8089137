"""How questions and tables are padded in trainings and in predictions."""

from typing import NamedTuple

import numpy as np

from tasks.learning.training.padded_shapes import Padding, Shape
from tasks.text.config import Encoder
from tasks.text.tokenization import EXTRA

TRAINING_PAIRS = 2**16
"""Most pairs of a column and a token in a training batch, which bounds memory where tables are wide."""
PREDICTION_PAIRS = 2**17
"""Most pairs of a token with a column or a candidate in a batch without gradients: about 300 MB."""
PREDICTION_ROWS = 64
"""Most questions of a batch in predictions."""
MULTIPLE, OF_COLUMNS, OF_NAMES = 8, 2, 4
"""Sizes, numbers of columns, and lengths of names read apart are multiples of these, so that the folds of a
training share most of their shapes."""
UNLIMITED = 2**30
PAIR = 25e3
"""Multiplications for a pair of a column and a token of the question (`tasks.nl2sql.sketch.network`)."""
CANDIDATE = 15e3
"""Multiplications for a token of a candidate condition (`tasks.nl2sql.two_stage.network`)."""
PRETRAINED = 85e6
"""Multiplications for a token of a BERT of 12 layers of 768 channels."""


class QuestionSizes(NamedTuple):
    """Sizes of one question."""

    tokens: int
    columns: int
    sequence: int
    """Tokens of question and names together, or those of the longest name where they are read apart."""
    candidates: int = 0
    """Candidate conditions."""


class PaddedShape(NamedTuple):
    """Sizes to which the questions of a batch are padded."""

    tokens: int
    columns: int
    sequence: int
    candidates: int = 0
    names: int = 1
    """Different names, where they are read apart from questions."""

    @classmethod
    def of(cls, shape: Shape, *, most_names: int = UNLIMITED) -> "PaddedShape":
        """That of a shape; there may be as many different names as columns, but at most `most_names`."""
        tokens, columns, sequence, candidates = shape.sizes
        return cls(tokens, columns, sequence, candidates, max(1, min(shape.rows * columns, most_names)))


def in_training(encoder: Encoder, *, questions: int) -> Padding:
    """Questions of sizes `QuestionSizes`, at most so many in a batch."""
    return _padding(encoder, questions=questions, pairs=TRAINING_PAIRS)


def in_prediction(encoder: Encoder) -> Padding:
    """Questions of sizes `QuestionSizes`, without gradients, which take less memory."""
    return _padding(encoder, questions=PREDICTION_ROWS, pairs=PREDICTION_PAIRS)


def _padding(encoder: Encoder, *, questions: int, pairs: int) -> Padding:
    is_joined, of_token = encoder.kind == "bert", _encoder_work(encoder)

    def work(sizes: np.ndarray) -> np.ndarray:
        tokens, columns, sequence, candidates = np.moveaxis(sizes.astype(float), -1, 0)
        read = sequence if is_joined else tokens + columns * sequence
        found: np.ndarray = PAIR * tokens * columns + CANDIDATE * tokens * candidates + of_token * read
        return found

    def rows(sizes: np.ndarray) -> np.ndarray:
        most = pairs // (sizes[..., 0] * (sizes[..., 1] + sizes[..., 3]))
        return np.clip(most, 1, questions)

    limit = encoder.longest + EXTRA
    multiples = (MULTIPLE, OF_COLUMNS, MULTIPLE if is_joined else OF_NAMES, MULTIPLE)
    return Padding(multiples, (limit, UNLIMITED, limit, UNLIMITED), work, rows)


def _encoder_work(encoder: Encoder) -> float:
    """Multiplications of an encoder for each token."""
    if encoder.kind == "bert":
        return PRETRAINED if encoder.bert.preset else 12.0 * encoder.bert.width**2 * encoder.bert.layers
    return 6.0 * encoder.dgcnn.width**2 * len(encoder.dgcnn.dilations)
