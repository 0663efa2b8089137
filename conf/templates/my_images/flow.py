"""The workflow: load → split → encode → train → predict, for each fold → blend → submission and report."""

from typing import Any

from flows.budget.time_limit import start_budget
from flows.runtime.workflow import workflow
from flows.training.cross_validation import CrossValidation, ModelInputs
from flows.training.dataset import load_parts
from flows.training.finish import finish
from flows.training.joined_members import joined_members
from flows.training.seed_comparison import compare_seeds
from tasks.my_images.config import Config
from tasks.split import split


@workflow("my_images")
def my_images(config: Config) -> dict[str, Any]:
    """From the raw files to a checked submission with its report."""
    parts = load_parts("my_images", config.data)
    folds = split.submit("my_images", parts.train, config.folds)
    joined = joined_members("my_images", config, parts, folds)
    budget = start_budget("my_images", config, parts, folds)
    config = budget.config
    validation = CrossValidation("my_images", config, parts, folds)
    members = {}
    for recipe in config.recipes:
        encoded = {view: [validation.encoded(recipe, of, view)] for view, of in recipe.encodings().items()}
        members[recipe.name] = validation.member(recipe, ModelInputs([], [], encoded, encoded))
    config, members, left_out = budget.finished(compare_seeds(validation, members))
    return finish("my_images", config, parts, folds, members, joined=joined, left_out=left_out)
