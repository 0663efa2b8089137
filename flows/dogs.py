"""DAG: photograph → breed.

load → split → (augment, encode → train → predict, for each fold) → gather, for each recipe
     → blend → decode → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.budget.limiter import begun
from flows.runtime.await_steps import followed
from flows.training.cross_validation import cross_validate
from flows.training.frozen_trunk import frozen_views
from flows.training.pseudo_labelling import second_round
from tasks.blend import blend
from tasks.decode import decode
from tasks.dogs.config import Config
from tasks.load import load
from tasks.report import report
from tasks.split import split
from tasks.submit import submit


@flow(
    name="dogs",
    description="Name the breed of the dog in a photograph.",
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
)
@followed
def dogs(config: Config) -> dict[str, Any]:
    """From photographs to a checked submission with its report."""
    dataset = load.submit("dogs", config.data)
    folds = split.submit("dogs", dataset, config.folds)
    budget = begun("dogs", config, folds)
    config = budget.config
    given = (dataset, folds, config)
    members = {
        recipe.name: cross_validate("dogs", recipe, frozen_views("dogs", recipe, *given), *given)
        for recipe in config.recipes
    }
    if config.pseudo.share:
        members |= second_round("dogs", config, dataset, folds, members)
    config, members, left_out = budget.kept(members)
    joined = {name: member.joined for name, member in members.items()}
    blended = blend.submit("dogs", dataset, joined, config.blend, folds=folds)
    file = decode.submit("dogs", dataset, blended)
    folder = submit.submit("dogs", config, dataset, blended, file, config.run.name, left_out=left_out)
    models = {name: model for member in members.values() for name, model in member.models.items()}
    read = (dataset, folds, joined, blended, models)
    return report.submit("dogs", config, *read, folder, left_out=left_out)
