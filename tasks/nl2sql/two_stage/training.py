"""The training of one fold's model of the recipe `two-stage`."""

from functools import partial

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.seeds import generator
from tasks.learning.training.loop import Batch, Training
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch.name_masking import mask_names
from tasks.nl2sql.sketch.training_questions import TrainingQuestions, masked_share
from tasks.nl2sql.two_stage.inputs import (
    TwoStageExample,
    draw_negatives,
    inputs,
    reorder_columns,
    targets,
    two_stage_examples,
)


def build(job: TrainJob, recipe: Recipe) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    from tasks.nl2sql.two_stage import network

    questions = training_questions(job, recipe)
    built = network.build(recipe, questions.tokenizer, seed=job.seed)
    return questions.training(built, network.LOSSES, network.loss_weights(recipe), partial(batch, questions))


def training_questions(job: TrainJob, recipe: Recipe) -> TrainingQuestions[TwoStageExample]:
    """The questions of the job with their candidate conditions."""
    return TrainingQuestions(
        job,
        recipe,
        read=partial(two_stage_examples, settings=recipe.matcher),
        inputs=inputs,
        targets=targets,
        candidates=lambda example: len(example.candidates),
    )


def batch(questions: TrainingQuestions[TwoStageExample], stage: Stage, epoch: int, step: int) -> Batch:
    """The batch of a step: a pure function of its arguments and the job."""
    random = generator(questions.job.seed, "batch", epoch, step)
    chosen = [_draw(questions, int(row), stage, random) for row in questions.plan(epoch)[step]]
    arrays = inputs(chosen, questions.tokenizer)
    if share := masked_share(questions.recipe, stage):
        mask_names(arrays, [each.example for each in chosen], questions.tokenizer, random, share=share)
    return Batch(arrays, targets(chosen, longest=questions.tokenizer.longest))


def _draw(
    questions: TrainingQuestions[TwoStageExample], row: int, stage: Stage, random: np.random.Generator
) -> TwoStageExample:
    """A question or one of its views, with wrong candidates drawn anew, sometimes with reordered columns."""
    example = questions.draw(row, stage, random)
    example = draw_negatives(example, negatives=questions.recipe.matcher.negatives, generator=random)
    if random.random() < questions.recipe.sketch.shuffle:
        example = reorder_columns(example, random.permutation(len(example.example.names)))
    return example
