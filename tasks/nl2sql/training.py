"""The training of one fold's model, by the method of its recipe."""

from tasks.core.competition import method_module
from tasks.core.jobs import TrainJob
from tasks.learning.training.loop import Training
from tasks.nl2sql.config import Recipe


def build(job: TrainJob) -> Training:
    """The training of one fold's model, for `tasks.learning.training.loop.fit`."""
    recipe = Recipe.model_validate(job.settings)
    training: Training = method_module("nl2sql", recipe.method, "training").build(job, recipe)
    return training
