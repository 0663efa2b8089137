"""DAG: photograph → breed.

load, for each part → common, split → (augment, encode → train → predict, for each fold) → gather
     → (encode → predict → average, for the test), for each recipe
     → blend, with `blend.members` → combine → decode → submit → compare, report
"""

from typing import Any

from flows.budget.time_limit import start_budget
from flows.runtime.workflow import workflow
from flows.training.cross_validation import CrossValidation
from flows.training.dataset import load_parts
from flows.training.finish import finish
from flows.training.image_recipes import frozen_outputs, second_round
from flows.training.joined_members import joined_members
from flows.training.seed_comparison import compare_seeds
from tasks.dogs.config import Config
from tasks.split import split


@workflow("dogs", "Name the breed of the dog in a photograph.")
def dogs(config: Config) -> dict[str, Any]:
    """From photographs to a checked submission with its report."""
    parts = load_parts("dogs", config.data)
    folds = split.submit("dogs", parts.train, config.folds)
    joined = joined_members("dogs", config, parts, folds)
    budget = start_budget("dogs", config, parts, folds)
    config = budget.config
    validation = CrossValidation("dogs", config, parts, folds)
    members = {
        recipe.name: validation.member(recipe, frozen_outputs(validation, recipe))
        for recipe in config.recipes
    }
    if config.pseudo.share:
        members |= second_round(validation, members)
    config, members, left_out = budget.finished(compare_seeds(validation, members))
    return finish("dogs", config, parts, folds, members, joined=joined, left_out=left_out)
