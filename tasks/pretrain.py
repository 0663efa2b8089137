"""Step `pretrain`: texts without labels → a network that trainings start from."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, read_job
from tasks.core.jobs import PretrainJob
from tasks.core.step import step
from tasks.learning.training.job import fit_job


@step(
    uses=("language_model",),
    libraries=("backend",),
    label="pretrain {name}",
    retries=2,
    ignore=("name",),
)
def pretrain(
    competition: str,
    name: str,
    settings: dict[str, BaseModel],
    dataset: list[Artifact],
    *,
    parts: list[str],
    seed: int,
    run: Run,
) -> Artifact:
    """Fit a network, and write it as `tasks.learning.training.job.fit_job` does.

    Args:
        settings: the parts of a recipe that decide the network and its pretraining.
        dataset: the parts `parts`, whose texts are read without labels. With the test part among them the
            pretraining is transductive on purpose, and new test files train all anew.
    """
    return in_child(
        "tasks.pretrain:child",
        "model",
        PretrainJob,
        competition=competition,
        settings=settings,
        dataset=dataset,
        parts=parts,
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    pretrain_job = read_job(job, PretrainJob)
    fit_job(pretrain_job, find(pretrain_job.competition).pretrain)
