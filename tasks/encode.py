"""Step `encode`: what predictions read — every record by one test-time view, through the frozen part."""

from typing import Any

from pydantic import BaseModel

from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.step import step
from tasks.core.store import Artifact
from tasks.core.work import in_child, read_job

LIBRARIES = ("backend", "keras", "numpy", "opencv-python-headless", "tensorflow")


@step(
    uses=("encode",),
    libraries=LIBRARIES,
    label="encode {name} {view}",
    retries=2,
    ignore=("name",),
)
def encode(
    competition: str,
    name: str,
    trunk: BaseModel,
    dataset: Artifact,
    *,
    view: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Compute one test-time view of all training and test records."""
    return in_child(
        "tasks.encode:child",
        "encoded",
        competition=competition,
        settings={"trunk": trunk},
        dataset=dataset,
        view=view,
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    read = read_job(job)
    find(read.competition).encode(read)
