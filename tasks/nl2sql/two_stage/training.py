"""The training of one fold's model of the recipe `two-stage`."""

from functools import partial

import numpy as np

from tasks.core.jobs import TrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.sketch.padding import QuestionSizes
from tasks.nl2sql.sketch.training_questions import TrainingQuestions
from tasks.nl2sql.two_stage.inputs import (
    TwoStageExample,
    choose_candidates,
    chosen_count,
    inputs,
    reorder_columns,
    sizes_of,
    targets,
    two_stage_examples,
)
from tasks.text.tokenization import Tokenizer


def build(job: TrainJob, recipe: Recipe) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    from tasks.nl2sql.two_stage import network

    questions = training_questions(job, recipe)
    built = network.build(recipe, questions.tokenizer, seed=job.seed)
    weights = {name: recipe.training.weights.get(name, 1.0) for name in network.LOSSES}
    return questions.training(built, network.LOSSES, weights)


def training_questions(job: TrainJob, recipe: Recipe) -> TrainingQuestions[TwoStageExample]:
    """The questions of the job with their candidate conditions."""
    return TrainingQuestions(
        job,
        recipe,
        read=partial(two_stage_examples, settings=recipe.matcher),
        vary=_vary,
        sketch=lambda example: example.example,
        inputs=inputs,
        targets=targets,
        sizes=sizes_of,
        varied_sizes=_varied_sizes,
    )


def _vary(example: TwoStageExample, recipe: Recipe, random: np.random.Generator) -> TwoStageExample:
    """The question with its right candidates and some of the wrong ones, sometimes with reordered columns."""
    chosen = choose_candidates(example.operators, negatives=recipe.matcher.negatives, generator=random)
    candidates = tuple(example.candidates[place] for place in chosen)
    example = TwoStageExample(example.example, candidates, example.operators[chosen])
    if random.random() < recipe.sketch.shuffle:
        example = reorder_columns(example, random.permutation(len(example.example.names)))
    return example


def _varied_sizes(example: TwoStageExample, tokenizer: Tokenizer, recipe: Recipe) -> QuestionSizes:
    """The sizes of an example in a batch."""
    count = chosen_count(example.operators, negatives=recipe.matcher.negatives)
    return sizes_of(example, tokenizer)._replace(candidates=count)
