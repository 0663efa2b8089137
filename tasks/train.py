"""Step `train`: the model of one fold, in a child process that resumes where an earlier attempt stopped."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, network_of, read_job
from tasks.core.jobs import TrainJob
from tasks.core.step import step
from tasks.learning.training.job import fit_job


@step(
    uses=("training", "{method}.training"),
    libraries=("backend",),
    label="train {recipe.name} {of}",
    retries=2,
    ignore=("of",),
)
def train(
    competition: str,
    recipe: BaseModel,
    dataset: list[Artifact],
    folds: Artifact,
    views: list[Artifact],
    plain_views: list[Artifact],
    inputs: dict[str, list[Artifact]],
    labels: Artifact | None,
    start: Artifact | None,
    *,
    fold: int | None,
    beside: int | None,
    of: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Fit the model of one fold, and write it as `tasks.learning.training.job.fit_job` does.

    The records of `fold` are held out (None: no record is), and those of `beside`, which this model predicts
    for a second round. `labels` come from a first round; training starts from the weights of `start`.
    `dataset` is the training part, and the test part too where `labels` are of test records.
    """
    return in_child(
        "tasks.train:child",
        "model",
        TrainJob,
        competition=competition,
        settings=recipe,
        dataset=dataset,
        folds=folds,
        fold=fold,
        views=views,
        plain_views=plain_views,
        inputs=inputs,
        beside=beside,
        labels=labels,
        start=start,
        seed=seed,
        run=run,
        **network_of(recipe),
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    train_job = read_job(job, TrainJob)
    fit_job(train_job, find(train_job.competition).build)
