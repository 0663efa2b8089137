"""The training of one fold's model of the recipe `baseline`."""

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql.baseline.inputs import inputs, sizes_of, targets
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.training_questions import TrainingQuestions


def build(job: TrainJob, recipe: Recipe) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    from tasks.nl2sql.baseline import losses, network

    questions = training_questions(job, recipe)
    built = network.build(recipe, questions.tokenizer, seed=job.seed)
    weights = {name: recipe.training.weights.get(name, 1.0) for name in losses.LOSSES}
    return questions.training(built, losses.LOSSES, weights)


def training_questions(job: TrainJob, recipe: Recipe) -> TrainingQuestions[SketchExample]:
    """The questions of the job. No names are masked, for this network reads no `matches` in their place."""
    sketch = recipe.sketch.model_copy(update={"matches": False, "hidden": 0.0})
    return TrainingQuestions(
        job,
        recipe.model_copy(update={"sketch": sketch}),
        read=lambda examples, tables: examples,
        vary=_vary,
        sketch=lambda example: example,
        inputs=inputs,
        targets=targets,
        sizes=sizes_of,
        varied_sizes=lambda example, tokenizer, recipe: sizes_of(example, tokenizer),
    )


def _vary(example: SketchExample, recipe: Recipe, random: np.random.Generator) -> SketchExample:
    """The question, sometimes with the columns of its table in another order."""
    if random.random() >= recipe.sketch.shuffle:
        return example
    return features.reorder_columns(example, random.permutation(len(example.names)))
