"""DAG: sentence → triples.

load → split → (augment, encode, pretrain → train → predict, for each fold) → gather, for each recipe
     → (train and predict without two folds → pool → a second round, where asked for)
     → blend → decode → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.budget.limiter import begun
from flows.runtime.await_steps import followed
from flows.training.text_recipes import rounds
from tasks.blend import blend
from tasks.decode import decode
from tasks.extraction.config import Config
from tasks.load import load
from tasks.report import report
from tasks.split import split
from tasks.submit import submit


@flow(
    name="extraction",
    description="Find all triples of a Chinese sentence.",
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
)
@followed
def extraction(config: Config) -> dict[str, Any]:
    """From sentences to a checked submission with its report."""
    dataset = load.submit("extraction", config.data)
    folds = split.submit("extraction", dataset, config.folds)
    budget = begun("extraction", config, folds)
    config = budget.config
    members = {
        name: member
        for recipe in config.recipes
        for name, member in rounds("extraction", recipe, dataset, folds, config).items()
    }
    config, members, left_out = budget.kept(members)
    joined = {name: member.joined for name, member in members.items()}
    blended = blend.submit("extraction", dataset, joined, config.blend, config.answers, folds=folds)
    file = decode.submit("extraction", dataset, blended)
    folder = submit.submit("extraction", config, dataset, blended, file, config.run.name, left_out=left_out)
    models = {name: model for member in members.values() for name, model in member.models.items()}
    read = (dataset, folds, joined, blended, models)
    return report.submit("extraction", config, *read, folder, left_out=left_out)
