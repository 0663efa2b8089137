"""What one fold's model of the recipe `two-stage` is fitted on."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.seeds import generator
from tasks.learning.training.loop import Batch, Training
from tasks.nl2sql import dataset, training
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Question
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.name_masking import hide
from tasks.nl2sql.sketch.training_questions import Lessons
from tasks.nl2sql.two_stage.inputs import Asked, asked, inputs, shuffled, targets, with_some


def build(job: TrainJob, recipe: Recipe) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    from tasks.nl2sql.two_stage import network as two_stage_network
    from tasks.text.language_model import start_encoder

    lessons = lessons_of(job, recipe)
    network = two_stage_network.build(recipe, lessons.reader, seed=job.seed)
    if job.start:
        start_encoder(network.encoder, job.start, lessons.reader)
    return Training(
        model=network.model,
        stages=recipe.training.stages,
        losses=two_stage_network.LOSSES,
        loss_weights=two_stage_network.weights(recipe),
        metric=None,
        batch=partial(batch, lessons),
        steps_per_epoch=len(lessons.plan(0)),
        select=lambda model, stage: {},
        evaluate=partial(_evaluate, lessons, network),
        ema=recipe.training.ema,
    )


def lessons_of(job: TrainJob, recipe: Recipe) -> Lessons[Asked]:
    """The questions of the job with their candidate conditions."""
    return Lessons(job, recipe, read=_read, shapes=partial(_shapes, longest=recipe.encoder.longest))


def _read(lessons: Lessons[Asked], questions: Sequence[Question]) -> list[Asked]:
    labelled = training.labelled(questions, lessons.tables, longest=lessons.reader.longest)
    return asked(labelled, lessons.tables, lessons.recipe.matcher)


def _shapes(given: Asked, *, longest: int) -> features.Shapes:
    return features.shapes([given.example], longest=longest)


def batch(lessons: Lessons[Asked], stage: Stage, epoch: int, step: int) -> Batch:
    """The batch of a step: a pure function of its arguments and the job."""
    drawn = generator(lessons.job.seed, "batch", epoch, step)
    chosen = [_shown(lessons, int(row), stage, drawn) for row in lessons.plan(epoch)[step]]
    given = inputs(chosen, lessons.reader)
    if share := training.hidden_share(lessons.recipe, stage):
        hide(given, [each.example for each in chosen], lessons.reader, drawn, share=share)
    return Batch(given, targets(chosen, longest=lessons.reader.longest))


def _shown(lessons: Lessons[Asked], row: int, stage: Stage, drawn: np.random.Generator) -> Asked:
    """A question or one of its views, with wrong conditions drawn anew, sometimes with moved columns."""
    found = lessons.shown(row, stage, drawn)
    found = with_some(found, negatives=lessons.recipe.matcher.negatives, generator=drawn)
    if drawn.random() < lessons.recipe.sketch.shuffle:
        found = shuffled(found, drawn.permutation(len(found.example.names)))
    return found


def _evaluate(lessons: Lessons[Asked], network: Any, model: Any) -> dict[str, float]:
    """The share of watched questions whose most probable query is the labelled one."""
    from tasks.nl2sql.two_stage.inference import decoded

    if not lessons.watched:
        return {}
    watched = features.examples(lessons.watched, lessons.tables, longest=lessons.reader.longest)
    executor = Executor(dataset.database(lessons.job.dataset, "train"), lessons.tables)
    found = decoded([network], lessons.recipe, lessons.reader, watched, lessons.tables, executor)
    return {"held_out_logic_form": training.logic_form(found, lessons.watched)}
