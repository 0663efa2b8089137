"""The training of one fold's model of the recipe `sketch`."""

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.labels import NO_AGGREGATE, NO_OPERATOR
from tasks.nl2sql.sketch.training_questions import TrainingQuestions

NARROW = 10
"""Tables of up to this many columns always keep all of them."""
KEPT = 0.5
"""Probability that a batch keeps a column that has no part in the query, where the table is wider."""


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

    So a network sees tables of many widths, and an epoch takes half the time.
    """
    labels, count = example.labels, len(example.names)
    assert labels is not None
    used = (labels.select != NO_AGGREGATE) | (labels.operators[:, NO_OPERATOR] < 1)
    return np.flatnonzero(used | (random.random(count) < KEPT) | (count <= NARROW))
