"""What a baseline network reads of one question that is explained."""

from collections.abc import Mapping

import numpy as np

from tasks.nl2sql.baseline.inputs import inputs
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.sketch.features import SketchExample
from tasks.text.tokenization import Tokenizer


def question_inputs(
    example: SketchExample, tables: Mapping[str, Table], recipe: Recipe, tokenizer: Tokenizer
) -> tuple[dict[str, np.ndarray], list[tuple[int, str]]]:
    """A batch of the question alone; no candidate conditions."""
    return inputs([example], tokenizer), []
