"""Step `augment`: one augmented view of the training records, through the frozen part of a recipe."""

from typing import Any

from pydantic import BaseModel

from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.step import step
from tasks.core.store import Artifact
from tasks.core.work import in_child, read_job

LIBRARIES = ("albumentations", "backend", "keras", "numpy", "opencv-python-headless", "tensorflow")


@step(
    uses=("views",),
    libraries=LIBRARIES,
    label="augment {name} {kind} {view}",
    retries=2,
    ignore=("name",),
)
def augment(
    competition: str,
    name: str,
    trunk: BaseModel,
    augmentation: BaseModel,
    dataset: Artifact,
    folds: Artifact,
    *,
    view: int,
    kind: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Compute one view of each training record; `kind` is `view` or `plain`, the lighter sort."""
    return in_child(
        "tasks.augment:child",
        "view",
        competition=competition,
        settings={"trunk": trunk, "augmentation": augmentation},
        dataset=dataset,
        folds=folds,
        view=view,
        plain=kind == "plain",
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    read = read_job(job)
    find(read.competition).augment(read)
