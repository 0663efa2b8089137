"""DAG: question and table → query.

load, for each part → common, split → (augment, pretrain → train → predict, for each fold) → gather
     → (predict → average, for validation and test), for each recipe
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
from flows.training.text_recipes import text_member
from tasks.nl2sql.config import Config
from tasks.split import split


@workflow("nl2sql", "Turn a question about a table into a query.")
def nl2sql(config: Config) -> dict[str, Any]:
    """From questions and tables to a checked submission with its report."""
    parts = load_parts("nl2sql", config.data)
    folds = split.submit("nl2sql", parts.train, config.folds)
    joined = joined_members("nl2sql", config, parts, folds)
    budget = start_budget("nl2sql", config, parts, folds)
    config = budget.config
    validation = CrossValidation("nl2sql", config, parts, folds)
    members = {recipe.name: text_member(validation, recipe) for recipe in config.recipes}
    config, members, left_out = budget.finished(compare_seeds(validation, members))
    return finish("nl2sql", config, parts, folds, members, joined=joined, left_out=left_out)
