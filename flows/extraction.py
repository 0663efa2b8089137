"""DAG: sentence → triples.

load, for each part → common, split → (augment, encode, pretrain → train → predict, for each fold) → gather
     → (encode → predict → average, for validation and test), for each recipe
     → (train and predict without two folds → pool → a second round, if `second_round.run`)
     → blend, with `blend.members` → combine → validate, decode → submit → compare, report
"""

from typing import Any

from flows.budget.time_limit import start_budget
from flows.runtime.workflow import workflow
from flows.training.cross_validation import CrossValidation
from flows.training.dataset import load_parts
from flows.training.finish import finish
from flows.training.joined_members import joined_members
from flows.training.seed_comparison import compare_seeds
from flows.training.text_recipes import text_members
from tasks.extraction.config import Config
from tasks.split import split


@workflow("extraction", "Find all triples of a Chinese sentence.")
def extraction(config: Config) -> dict[str, Any]:
    """From sentences to a checked submission with its report."""
    parts = load_parts("extraction", config.data)
    folds = split.submit("extraction", parts.train, config.folds)
    joined = joined_members("extraction", config, parts, folds)
    budget = start_budget("extraction", config, parts, folds)
    config = budget.config
    validation = CrossValidation("extraction", config, parts, folds)
    members = {
        name: member for recipe in config.recipes for name, member in text_members(validation, recipe).items()
    }
    config, members, left_out = budget.finished(compare_seeds(validation, members))
    return finish("extraction", config, parts, folds, members, joined=joined, left_out=left_out)
