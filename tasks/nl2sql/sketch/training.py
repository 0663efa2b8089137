"""The training of one fold's model of the recipe `sketch`."""

import math

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.labels import NO_AGGREGATE, NO_OPERATOR
from tasks.nl2sql.sketch.padding import QuestionSizes
from tasks.nl2sql.sketch.training_questions import TrainingQuestions
from tasks.text.tokenization import Tokenizer

NARROW = 10
"""Tables of up to this many columns always keep all of them."""
KEPT = 0.5
"""Probability that a batch keeps a column that has no part in the query, where the table is wider; no batch
keeps a larger share of them."""


def build(job: TrainJob, recipe: Recipe) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    from tasks.nl2sql.sketch import losses, network

    questions = TrainingQuestions[SketchExample](
        job,
        recipe,
        read=lambda examples, tables: examples,
        vary=_vary,
        sketch=lambda example: example,
        inputs=features.inputs,
        targets=features.targets,
        sizes=features.sizes_of,
        varied_sizes=_varied_sizes,
    )
    built = network.build(recipe, questions.tokenizer, seed=job.seed)
    weights = dict.fromkeys(losses.LOSSES, 1.0) | recipe.training.weights
    return questions.training(built, losses.LOSSES, weights)


def _vary(example: SketchExample, recipe: Recipe, random: np.random.Generator) -> SketchExample:
    """The question with some columns of its table, sometimes in another order."""
    order = some_columns(example, random)
    if random.random() < recipe.sketch.shuffle:
        order = random.permutation(order)
    return features.reorder_columns(example, order)


def some_columns(example: SketchExample, random: np.random.Generator) -> np.ndarray:
    """Columns of the query, and of a wide table each other with probability `KEPT`.

    At most the same share of them is kept. So a network sees tables of many widths, and an epoch takes half
    the time.
    """
    is_used = _used(example)
    kept = np.flatnonzero(~is_used & (random.random(len(is_used)) < KEPT))
    if len(is_used) <= NARROW:
        return np.arange(len(is_used))
    kept = random.permutation(kept)[: _most_columns(is_used) - int(is_used.sum())]
    return np.sort(np.concatenate([np.flatnonzero(is_used), kept]))


def _used(example: SketchExample) -> np.ndarray:
    """(C,) bool: columns that have a part in the query."""
    labels = example.labels
    assert labels is not None
    return np.asarray((labels.select != NO_AGGREGATE) | (labels.operators[:, NO_OPERATOR] < 1))


def _most_columns(is_used: np.ndarray) -> int:
    """Most columns that a batch keeps of a table."""
    others = int(np.count_nonzero(~is_used))
    return len(is_used) if len(is_used) <= NARROW else len(is_used) - others + math.ceil(KEPT * others)


def _varied_sizes(example: SketchExample, tokenizer: Tokenizer, recipe: Recipe) -> QuestionSizes:
    """The largest sizes of an example in a batch."""
    is_used = _used(example)
    kept, most = np.flatnonzero(is_used), _most_columns(is_used)
    return features.sizes_of(example, tokenizer, kept=kept, most=most)
