"""The training of one fold's model of the recipe `sketch`."""

from functools import partial

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.seeds import generator
from tasks.learning.training.loop import Batch, Training
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.labels import NO_AGGREGATE, NO_OPERATOR
from tasks.nl2sql.sketch.name_masking import mask_names
from tasks.nl2sql.sketch.training_questions import TrainingQuestions, masked_share

NARROW = 10
"""Tables of up to this many columns are always shown whole."""
KEPT = 0.5
"""Probability that a batch keeps a column that has no part in the query, where the table is wider."""


def build(job: TrainJob, recipe: Recipe) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    from tasks.nl2sql.sketch import losses, network

    questions = TrainingQuestions[SketchExample](
        job,
        recipe,
        read=lambda examples, tables: examples,
        inputs=features.inputs,
        targets=features.targets,
    )
    weights = dict.fromkeys(losses.LOSSES, 1.0) | recipe.training.weights
    built = network.build(recipe, questions.tokenizer, seed=job.seed)
    return questions.training(built, losses.LOSSES, weights, partial(_batch, questions))


def _batch(questions: TrainingQuestions[SketchExample], stage: Stage, epoch: int, step: int) -> Batch:
    """The batch of a step: a pure function of its arguments and the job."""
    random = generator(questions.job.seed, "batch", epoch, step)
    batch = [_draw(questions, int(row), stage, random) for row in questions.plan(epoch)[step]]
    inputs = features.inputs(batch, questions.tokenizer)
    if share := masked_share(questions.recipe, stage):
        mask_names(inputs, batch, questions.tokenizer, random, share=share)
    return Batch(inputs, features.targets(batch, longest=questions.tokenizer.longest))


def _draw(
    questions: TrainingQuestions[SketchExample], row: int, stage: Stage, random: np.random.Generator
) -> SketchExample:
    """A question or one of its views, with some columns of its table, sometimes in another order."""
    example = questions.draw(row, stage, random)
    order = some_columns(example, random)
    if random.random() < questions.recipe.sketch.shuffle:
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
