"""Step `augment`: one augmented view of the training records."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, need_of, read_job
from tasks.core.jobs import AugmentJob
from tasks.core.step import step


@step(
    uses=("views",), libraries=("backend",), label="augment {name} {kind} {view}", retries=2, ignore=("name",)
)
def augment(
    competition: str,
    name: str,
    settings: dict[str, BaseModel],
    dataset: list[Artifact],
    folds: Artifact,
    *,
    view: int,
    kind: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Compute one view of each training record.

    Args:
        settings: the parts of a recipe that decide a view.
        kind: `view`, or `plain` for lighter augmentation.
    """
    return in_child(
        "tasks.augment:child",
        "view",
        AugmentJob,
        competition=competition,
        settings=settings,
        dataset=dataset,
        folds=folds,
        view=view,
        plain=kind == "plain",
        seed=seed,
        run=run,
        need=need_of(settings),
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    augment_job = read_job(job, AugmentJob)
    write_view = find(augment_job.competition).augment
    assert write_view is not None  # the step's key names its file
    write_view(augment_job)
