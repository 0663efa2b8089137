"""DAG: question and table → query.

load → split → (augment, pretrain → train → predict, for each fold) → gather, for each recipe
     → blend → decode → submit → report
"""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.budget.limiter import begun
from flows.runtime.await_steps import followed
from flows.training.text_recipes import member
from tasks.blend import blend
from tasks.decode import decode
from tasks.load import load
from tasks.nl2sql.config import Config
from tasks.report import report
from tasks.split import split
from tasks.submit import submit


@flow(
    name="nl2sql",
    description="Turn a question about a table into a query.",
    task_runner=ThreadPoolTaskRunner(max_workers=8),  # type: ignore[arg-type]
)
@followed
def nl2sql(config: Config) -> dict[str, Any]:
    """From questions and tables to a checked submission with its report."""
    dataset = load.submit("nl2sql", config.data)
    folds = split.submit("nl2sql", dataset, config.folds)
    budget = begun("nl2sql", config, folds)
    config = budget.config
    members = {recipe.name: member("nl2sql", recipe, dataset, folds, config) for recipe in config.recipes}
    config, members, left_out = budget.kept(members)
    joined = {name: member.joined for name, member in members.items()}
    blended = blend.submit("nl2sql", dataset, joined, config.blend, config.answers, folds=folds)
    file = decode.submit("nl2sql", dataset, blended)
    folder = submit.submit("nl2sql", config, dataset, blended, file, config.run.name, left_out=left_out)
    models = {name: model for member in members.values() for name, model in member.models.items()}
    read = (dataset, folds, joined, blended, models)
    return report.submit("nl2sql", config, *read, folder, left_out=left_out)
