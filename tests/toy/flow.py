"""DAG: point → side."""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.budget.time_limit import start_budget
from flows.runtime.await_steps import await_steps
from flows.training.cross_validation import CrossValidation, ModelInputs
from flows.training.dataset import load_parts
from flows.training.finish import finish
from flows.training.joined_members import joined_members
from flows.training.seed_comparison import compare_seeds
from tasks.augment import augment
from tasks.split import split
from tasks.toy.config import Config


@flow(name="toy", task_runner=ThreadPoolTaskRunner(max_workers=8))  # type: ignore[arg-type]
@await_steps
def toy(config: Config) -> dict[str, Any]:
    """From points to a checked submission."""
    parts = load_parts("toy", config.data)
    folds = split.submit("toy", parts.train, config.folds)
    joined = joined_members("toy", config, parts, folds)
    budget = start_budget("toy", config, parts, folds)
    config = budget.config
    options = {"seed": config.seed, "run": config.run}
    view = augment.submit("toy", "layer", {}, [parts.train], folds, view=0, kind="view", **options)
    validation = CrossValidation("toy", config, parts, folds)
    encoded = {"identity": [validation.encoded(config.recipes[0], {}, "identity")]}
    inputs = ModelInputs(views=[view], for_training=encoded, for_prediction=encoded)
    members = {recipe.name: validation.member(recipe, inputs) for recipe in config.recipes}
    config, members, left_out = budget.finished(compare_seeds(validation, members))
    return finish("toy", config, parts, folds, members, joined=joined, left_out=left_out)
