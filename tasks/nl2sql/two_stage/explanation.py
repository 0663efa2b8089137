"""What a two-stage network reads of one question that is explained, with its candidate conditions."""

from collections.abc import Mapping

import numpy as np

from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.two_stage.inputs import inputs, two_stage_examples
from tasks.text.tokenization import Tokenizer


def question_inputs(
    example: SketchExample, tables: Mapping[str, Table], recipe: Recipe, tokenizer: Tokenizer
) -> tuple[dict[str, np.ndarray], list[tuple[int, str]]]:
    """A batch of the question alone; column and value of each candidate, in the order of the output."""
    (pair,) = two_stage_examples([example], tables, recipe.matcher)
    return inputs([pair], tokenizer), [(each.column, each.value) for each in pair.candidates]
