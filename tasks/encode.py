"""Step `encode`: the inputs of models, of all records, as far as no training changes them."""

from typing import Any

from pydantic import BaseModel

from tasks.core.cache.store import Artifact
from tasks.core.competition import find
from tasks.core.config import Run
from tasks.core.dispatch import in_child, read_job
from tasks.core.jobs import EncodeJob
from tasks.core.step import step


@step(uses=("encode",), libraries=("backend",), label="encode {name} {view}", retries=2, ignore=("name",))
def encode(
    competition: str,
    name: str,
    settings: dict[str, BaseModel],
    dataset: Artifact,
    *,
    view: str,
    seed: int,
    run: Run,
) -> Artifact:
    """Compute one test-time view of all records; `settings` are the parts of a recipe that decide it."""
    return in_child(
        "tasks.encode:child",
        "encoded",
        EncodeJob,
        competition=competition,
        settings=settings,
        dataset=dataset,
        view=view,
        seed=seed,
        run=run,
    )


def child(job: dict[str, Any]) -> None:
    """Entry of the child process."""
    encode_job = read_job(job, EncodeJob)
    find(encode_job.competition).encode(encode_job)
