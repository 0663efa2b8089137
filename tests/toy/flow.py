"""DAG: point → side."""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.budget.limiter import begun
from flows.runtime.await_steps import followed
from flows.training.cross_validation import Readings, cross_validate
from tasks.augment import augment
from tasks.blend import blend
from tasks.decode import decode
from tasks.encode import encode
from tasks.load import load
from tasks.report import report
from tasks.split import split
from tasks.submit import submit
from tasks.toy.config import Config


@flow(name="toy", task_runner=ThreadPoolTaskRunner(max_workers=8))  # type: ignore[arg-type]
@followed
def toy(config: Config) -> dict[str, Any]:
    """From points to a checked submission."""
    dataset = load.submit("toy", config.data)
    folds = split.submit("toy", dataset, config.folds)
    budget = begun("toy", config, folds)
    config = budget.config
    options = {"seed": config.seed, "run": config.run}
    view = augment.submit("toy", "layer", {}, dataset, folds, view=0, kind="view", **options)
    encoded = {"identity": encode.submit("toy", "layer", {}, dataset, view="identity", **options)}
    readings = Readings(views=[view], learned=encoded, shown=encoded)
    members = {
        recipe.name: cross_validate("toy", recipe, readings, dataset, folds, config)
        for recipe in config.recipes
    }
    config, members, left_out = budget.kept(members)
    joined = {name: member.joined for name, member in members.items()}
    blended = blend.submit("toy", dataset, joined, config.blend, folds=folds)
    file = decode.submit("toy", dataset, blended)
    folder = submit.submit("toy", config, dataset, blended, file, config.run.name, left_out=left_out)
    models = {name: model for member in members.values() for name, model in member.models.items()}
    read = (dataset, folds, joined, blended, models)
    return report.submit("toy", config, *read, folder, left_out=left_out)
