"""Networks and training questions of the recipe `two-stage` on the small dataset, for its tests."""

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tasks.nl2sql import dataset as files
from tasks.nl2sql.config import Recipe
from tasks.nl2sql.query.schema import Table
from tasks.nl2sql.sketch import features
from tasks.nl2sql.sketch.features import SketchExample
from tasks.nl2sql.sketch.training_questions import TrainingQuestions
from tasks.nl2sql.two_stage.inputs import TwoStageExample, two_stage_examples
from tasks.text.tokenization import Tokenizer
from tests.nl2sql import jobs

KINDS = list(jobs.ENCODERS)


class Made(NamedTuple):
    """A network with what reads for it."""

    network: Any
    recipe: Recipe
    tokenizer: Tokenizer

    @property
    def model(self) -> Any:
        return self.network.model


def recipe(encoder: Any = "dgcnn", **fields: Any) -> Recipe:
    """A tiny recipe, as `tests.nl2sql.jobs.recipe` makes it."""
    return jobs.recipe(encoder, method="two-stage", **fields)


@cache
def network(kind: str = "dgcnn", *, seed: int = 1) -> Made:
    """A fresh network, built once."""
    from tasks.nl2sql.two_stage import network as two_stage_network

    made = recipe(kind)
    tokenizer = jobs.tokenizer(made, jobs.shared())
    return Made(two_stage_network.build(made, tokenizer, seed=seed), made, tokenizer)


def questions(made: Recipe, folder: Path, **fields: Any) -> TrainingQuestions[TwoStageExample]:
    from tasks.nl2sql.two_stage.training import training_questions

    return training_questions(jobs.job(made, folder, data=jobs.shared(), **fields), made)


def examples(made: Made) -> tuple[list[SketchExample], dict[str, Table]]:
    """The training questions as the network reads them, and their tables."""
    tables = files.tables(jobs.shared(), "train")
    questions = files.questions(jobs.shared(), "train")
    return features.examples(questions, tables, longest=made.tokenizer.longest), tables


def two_stage(made: Made) -> list[TwoStageExample]:
    """The training questions with their candidates."""
    return two_stage_examples(*examples(made), made.recipe.matcher)
