"""What one fold's model is fitted on: batches as a function of the step, losses, held-out figures."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from tasks.core.config import Stage
from tasks.core.jobs import TrainJob
from tasks.learning.ensemble.candidates import Candidates, key
from tasks.learning.seeds import generator
from tasks.learning.training.loop import Batch, Training
from tasks.nl2sql import dataset
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.decoding.sketch_outputs import NO_AGGREGATE, NO_OPERATOR
from tasks.nl2sql.linking import value_alignment
from tasks.nl2sql.query.execution import Executor
from tasks.nl2sql.query.schema import Question, Table
from tasks.nl2sql.query.serialization import canonical, to_json
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import Example
from tasks.nl2sql.sketch.labels import labels_of
from tasks.nl2sql.sketch.name_masking import hide
from tasks.nl2sql.sketch.training_questions import Lessons

NARROW = 10
"""Columns of a table that is always shown whole."""
KEPT = 0.5
"""Probability that a training shows a column that has no part in the query, where the table is wider."""


def build(job: TrainJob) -> Training:
    """The training of one fold's model, or of a language model, for `tasks.learning.training.loop.fit`."""
    recipe = Recipe.model_validate(job.settings)
    if recipe.method == "two-stage":
        from tasks.nl2sql.two_stage import training

        return training.build(job, recipe)
    return _sketch(job, recipe)


def _sketch(job: TrainJob, recipe: Recipe) -> Training:
    from tasks.nl2sql.sketch import losses
    from tasks.nl2sql.sketch import network as networks
    from tasks.text.language_model import start_encoder

    lessons = Lessons(job, recipe, read=_read, shapes=partial(_shapes, longest=recipe.encoder.longest))
    network = networks.build(recipe, lessons.reader, seed=job.seed)
    if job.start:
        start_encoder(network.encoder, job.start, lessons.reader)
    return Training(
        model=network.model,
        stages=recipe.training.stages,
        losses=losses.LOSSES,
        loss_weights=dict.fromkeys(losses.LOSSES, 1.0) | recipe.training.weights,
        metric=None,
        batch=partial(_batch, lessons),
        steps_per_epoch=len(lessons.plan(0)),
        select=lambda model, stage: {},
        evaluate=partial(_evaluate, lessons, network),
        ema=recipe.training.ema,
    )


def _read(lessons: Lessons[Example], questions: Sequence[Question]) -> list[Example]:
    return labelled(questions, lessons.tables, longest=lessons.reader.longest)


def _shapes(example: Example, *, longest: int) -> features.Shapes:
    return features.shapes([example], longest=longest)


def labelled(questions: Sequence[Question], tables: Mapping[str, Table], *, longest: int) -> list[Example]:
    """Questions with what is to be learned of each."""
    found = features.examples(questions, tables, longest=longest)
    return [each._replace(labels=_labels(each, tables[each.question.table])) for each in found]


def _labels(example: Example, table: Table) -> Any:
    query, text = example.question.query, example.question.text[: example.length]
    assert query is not None
    spans = dict(
        zip(query.conditions, value_alignment.align_values(query.conditions, text, table), strict=True)
    )
    return labels_of(query, text, columns=len(example.names), span_of=spans.__getitem__)


def _batch(lessons: Lessons[Example], stage: Stage, epoch: int, step: int) -> Batch:
    """The batch of a step: a pure function of its arguments and the job."""
    drawn = generator(lessons.job.seed, "batch", epoch, step)
    chosen = [_shown(lessons, int(row), stage, drawn) for row in lessons.plan(epoch)[step]]
    inputs = features.inputs(chosen, lessons.reader)
    if share := hidden_share(lessons.recipe, stage):
        hide(inputs, chosen, lessons.reader, drawn, share=share)
    return Batch(inputs, features.targets(chosen, longest=lessons.reader.longest))


def hidden_share(recipe: Recipe, stage: Stage) -> float:
    """Of the questions that a stage shows without names of columns."""
    return recipe.sketch.hidden if recipe.sketch.matches and not stage.plain else 0.0


def _shown(lessons: Lessons[Example], row: int, stage: Stage, drawn: np.random.Generator) -> Example:
    """A question or one of its views, with some columns of its table, sometimes in another order."""
    found = lessons.shown(row, stage, drawn)
    order = some_columns(found, drawn)
    if drawn.random() < lessons.recipe.sketch.shuffle:
        order = drawn.permutation(order)
    return features.shuffled(found, order)


def some_columns(example: Example, drawn: np.random.Generator) -> np.ndarray:
    """Columns of the query, and of a wide table each other with probability `KEPT`.

    So tables of many widths are seen, and an epoch takes half the time.
    """
    labels, count = example.labels, len(example.names)
    assert labels is not None
    used = (labels.select != NO_AGGREGATE) | (labels.operators[:, NO_OPERATOR] < 1)
    return np.flatnonzero(used | (drawn.random(count) < KEPT) | (count <= NARROW))


def _evaluate(lessons: Lessons[Example], network: Any, model: Any) -> dict[str, float]:
    """The share of watched questions whose most probable query is the labelled one."""
    from tasks.nl2sql.sketch.inference import decoded

    if not lessons.watched:
        return {}
    watched = features.examples(lessons.watched, lessons.tables, longest=lessons.reader.longest)
    executor = Executor(dataset.database(lessons.job.dataset, "train"), lessons.tables)
    found = decoded([network], lessons.recipe, lessons.reader, watched, lessons.tables, executor)
    return {"held_out_logic_form": logic_form(found, lessons.watched)}


def logic_form(found: Candidates, questions: Sequence[Question]) -> float:
    """The share of labelled questions whose best candidate is the labelled query."""
    right = [
        bool(record) and max(record, key=record.__getitem__) == key(to_json(canonical(question.query)))
        for record, question in zip(found.records(), questions, strict=True)
        if question.query is not None
    ]
    return float(np.mean(right)) if right else 0.0
